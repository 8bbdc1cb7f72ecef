"""What the server's process and a runner's keep apart, each looked at in a process of its own."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

PRIORITIES = """
import os, threading
from server.models.runner.priority import Priority
if {unprivileged}:
    os.setgroups([])
    os.setuid(65534)
stop = threading.Event()
threading.Thread(target=stop.wait).start()
threads = [thread.native_id for thread in threading.enumerate()]
nice = lambda: {{os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}}
priority = Priority()
priority.lower()
low = nice()
priority.restore()
print(low, nice())
stop.set()
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)


def test_the_server_does_not_import_tensorflow() -> None:
    done = run(
        "import sys, server.models.client, server.models.manager;"
        "print('tensorflow' in sys.modules, 'numpy' in sys.modules)"
    )
    assert done.stdout == "False True\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is sure to be allowed")
def test_every_thread_gets_the_low_priority_and_its_own_back() -> None:
    assert run(PRIORITIES.format(unprivileged=False)).stdout == "{19} {0}\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_priority_that_could_not_be_given_back_is_not_lowered() -> None:
    done = run(PRIORITIES.format(unprivileged=True))
    assert done.stdout == "{0} {0}\n"
    assert done.stderr.count("the priority stays at nice 0") == 1
