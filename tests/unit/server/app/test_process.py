import os
from collections.abc import Callable
from functools import partial
from threading import Thread

import pytest

from server.app.process import interrupt_nothing, keep_to_a_core


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="only Linux has the policy")
def test_threads_that_are_begun_from_then_on_interrupt_no_other() -> None:
    policies = []

    def begin_another() -> None:
        interrupt_nothing()
        another = Thread(target=lambda: policies.append(os.sched_getscheduler(0)))
        another.start()
        another.join()

    _in_a_thread(begin_another)
    assert policies == [os.SCHED_BATCH]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux lets a process choose its cores")
def test_as_many_processes_as_cores_have_one_each_and_fewer_have_all() -> None:
    cores = sorted(os.sched_getaffinity(0))
    found = []

    def keep(number: int, processes: int) -> None:
        keep_to_a_core(number, processes)
        found.append(os.sched_getaffinity(0))

    for number in range(len(cores) + 1):
        _in_a_thread(partial(keep, number, len(cores) + 1))
    assert found == [{core} for core in [*cores, cores[0]]]
    _in_a_thread(lambda: keep(0, len(cores) - 1))
    assert found[-1] == set(cores)


def _in_a_thread(function: Callable[[], None]) -> None:
    """Leaves the thread of the tests as it is."""
    thread = Thread(target=function)
    thread.start()
    thread.join()
