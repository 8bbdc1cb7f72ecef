"""What the server's process and a runner's keep apart, each looked at in a process of its own."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

POLICIES = """
import os, threading
from server.models.runner.priority import {function}
from server.models.runner.workers import Workers
if os.geteuid() == 0:
    os.setuid(65534)
workers = Workers(1)
{function}()
threading.Thread(target=threading.Event().wait, daemon=True).start()
print(*(os.sched_getscheduler(thread.native_id) == os.SCHED_IDLE for thread in threading.enumerate()))
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)


def test_the_server_does_not_import_tensorflow() -> None:
    done = run(
        "import sys, server.models.client, server.models.manager;"
        "print('tensorflow' in sys.modules, 'numpy' in sys.modules)"
    )
    assert done.stdout == "False True\n"


def test_what_loads_gives_way_and_what_was_started_before_does_not() -> None:
    """The main thread, the worker, and the thread that was started after; whoever the user is."""
    assert run(POLICIES.format(function="give_way")).stdout == "True False True\n"


def test_a_whole_process_can_give_way() -> None:
    assert run(POLICIES.format(function="give_way_altogether")).stdout == "True True True\n"
