import os
from threading import Thread

import pytest

from server.app.process import interrupt_nothing


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="only Linux has the policy")
def test_threads_that_are_begun_from_then_on_interrupt_no_other() -> None:
    policies = []

    def begin_another() -> None:
        interrupt_nothing()
        another = Thread(target=lambda: policies.append(os.sched_getscheduler(0)))
        another.start()
        another.join()

    thread = Thread(target=begin_another)  # which leaves that of the tests as it is
    thread.start()
    thread.join()
    assert policies == [os.SCHED_BATCH]
