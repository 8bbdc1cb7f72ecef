"""Threads of the normal priority, started before the one that loads the model gives its own up.

Standard library only: it is imported before anything that takes time.
"""

import queue
import threading
from collections.abc import Callable

CALLS_AT_ONCE = 2
"""How many calls a runner does at a time: while one is in TensorFlow, another is unpacked or packed."""


class Workers:
    """Threads that do what they are given, in order.

    Args:
        count: How many there are.
    """

    def __init__(self, count: int) -> None:
        self._tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for _ in range(count):
            threading.Thread(target=self._work, daemon=True).start()

    def do(self, task: Callable[[], None]) -> None:
        """Has the next free thread do something that raises nothing."""
        self._tasks.put(task)

    def wait_for(self, task: Callable[[], None]) -> None:
        """Has a thread do something, and returns once it is done."""
        done = threading.Event()

        def do() -> None:
            try:
                task()
            finally:
                done.set()

        self.do(do)
        done.wait()

    def _work(self) -> None:
        while True:
            self._tasks.get()()
