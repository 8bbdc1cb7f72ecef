"""Takes calls from the server, has threads do them, and answers."""

import os
import queue
import socket
import threading
from collections.abc import Callable
from typing import Any

from server.models.ports import INTERNAL
from server.models.runner.failures import describe
from server.models.runner.frames import read_message, to_frame
from server.models.runner.messages import Answer, Call, Failure, Ping, Request


class CallServer:
    """Serves the calls that arrive on a connection.

    A thread reads all the time, so that this process ends with the server, whatever it is busy with: the kernel
    closes the other end of the connection when the server dies. The same thread answers pings, so that they go
    unanswered only if no thread of Python's can run.

    Args:
        connection: To the server.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._calls: queue.SimpleQueue[tuple[int, Call]] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="lifeline", daemon=True).start()

    def serve(self, do: Callable[[Call], Any], threads: int) -> None:
        """Has `threads` threads, this one among them, do the calls for as long as the process lives."""
        for _ in range(threads - 1):
            threading.Thread(target=self._work, args=[do], daemon=True).start()
        self._work(do)

    def _read(self) -> None:
        try:
            while True:
                request: Request = read_message(self._connection)
                if isinstance(request.call, Ping):
                    self._send(to_frame(Answer(request.id, None)))
                else:
                    self._calls.put((request.id, request.call))
        finally:
            os._exit(0)  # sys.exit would wait for the other threads

    def _work(self, do: Callable[[Call], Any]) -> None:
        while True:
            call_id, call = self._calls.get()
            self._send(_reply(call_id, call, do))

    def _send(self, frame: bytes) -> None:
        with self._sending:
            self._connection.sendall(frame)


def _reply(call_id: int, call: Call, do: Callable[[Call], Any]) -> bytes:
    """Returns the frame of the answer, or of the failure if the call or packing its result fails."""
    try:
        return to_frame(Answer(call_id, do(call)))
    except Exception as error:
        return to_frame(Failure(call_id, describe(error), getattr(error, "error_code", INTERNAL)))
