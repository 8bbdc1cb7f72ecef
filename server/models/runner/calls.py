"""Takes calls from the server, has them done, and answers."""

import os
import queue
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from server.models.ports import INTERNAL
from server.models.runner.failures import describe
from server.models.runner.frames import read_message, to_frame
from server.models.runner.messages import Answer, Call, Failure, Ping, Request, Serve
from server.models.runner.priority import give_way_altogether
from server.models.runner.workers import Workers

Do = Callable[[Call], Any]


class CallServer:
    """Serves the calls that arrive on a connection.

    A thread reads all the time, so that this process ends with the server, whatever it is busy with: the kernel
    closes the other end of the connection when the server dies. The same thread answers pings, so that they go
    unanswered only if no thread of Python's can run.

    Args:
        connection: To the server.
        workers: One of them reads; the others do the calls once the model serves.
    """

    def __init__(self, connection: socket.socket, workers: Workers) -> None:
        self._connection = connection
        self._workers = workers
        self._sending = threading.Lock()
        self._before_serving: queue.SimpleQueue[tuple[int, Call]] = queue.SimpleQueue()
        self._do: Do | None = None
        workers.do(self._read)

    def run(self, do: Do) -> None:
        """Does the calls on this thread until it is told to serve, then has the workers do them for ever."""
        while self._do is None:
            call_id, call = self._before_serving.get()
            if isinstance(call, Serve):
                self._do = do
            self._answer(do, call_id, call)
        threading.Event().wait()

    def _read(self) -> None:
        try:
            while True:
                request: Request = read_message(self._connection)
                if isinstance(request.call, Ping):
                    self._send(to_frame(Answer(request.id, None)))
                elif self._do is None:
                    self._before_serving.put((request.id, request.call))
                else:
                    self._workers.do(partial(self._answer, self._do, request.id, request.call))
        finally:
            try:
                give_way_altogether()  # to give back the memory takes some tenths of a second of the processor
            finally:
                os._exit(0)  # sys.exit would wait for the other threads

    def _answer(self, do: Do, call_id: int, call: Call) -> None:
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
