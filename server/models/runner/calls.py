"""Takes calls from the server, has threads do them, and answers."""

import os
import queue
import socket
import threading
from collections.abc import Callable
from typing import Any

from server.models.ports import INTERNAL
from server.models.runner.frames import read_message, to_frame
from server.models.runner.messages import Answer, Call, Failure, Request

_LONGEST_MESSAGE = 500


class CallServer:
    """Serves the calls that arrive on a connection.

    A thread reads all the time, so that this process ends with the server, whatever it is busy with: the kernel
    closes the other end of the connection when the server dies.

    Args:
        connection: To the server.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="lifeline", daemon=True).start()

    def serve(self, do: Callable[[Call], Any], threads: int) -> None:
        """Has `threads` threads, this one among them, do the calls for as long as the process lives."""
        for _ in range(threads - 1):
            threading.Thread(target=self._work, args=[do], daemon=True).start()
        self._work(do)

    def _read(self) -> None:
        try:
            while True:
                self._requests.put(read_message(self._connection))
        finally:
            os._exit(0)  # sys.exit would wait for the other threads

    def _work(self, do: Callable[[Call], Any]) -> None:
        while True:
            request = self._requests.get()
            reply = to_frame(_reply(request, do))
            with self._sending:
                self._connection.sendall(reply)


def _reply(request: Request, do: Callable[[Call], Any]) -> Answer | Failure:
    try:
        return Answer(request.id, do(request.call))
    except Exception as error:
        message = " ".join(f"{type(error).__name__}: {error}".split())  # TensorFlow's have many lines
        # TensorFlow's errors have a code.
        return Failure(request.id, message[:_LONGEST_MESSAGE], getattr(error, "error_code", INTERNAL))
