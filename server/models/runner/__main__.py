"""`python -m server.models.runner FD`: runs one model for the server at the other end of the socket FD."""

import logging
import os
import signal
import socket
import sys

from server.models.runner.priority import give_way
from server.models.runner.workers import CALLS_AT_ONCE, Workers


def main() -> None:
    """Does the server's calls until it goes away."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # A signal to all of the server's processes is for the server, which ends its runners after draining.
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(format=f"runner pid={os.getpid()} %(levelname)s %(message)s")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # A SavedModel holds what of Keras it needs. TensorFlow imports Keras if it is there, and does without if not.
    sys.modules["keras"] = None  # type: ignore[assignment]
    workers = Workers(CALLS_AT_ONCE + 1)  # one of them reads
    give_way()
    # Only now, as importing takes seconds of the processor, and TensorFlow reads the variables above.
    from server.models.runner.calls import CallServer  # noqa: PLC0415

    calls = CallServer(socket.socket(fileno=int(sys.argv[1])), workers)
    from server.models.runner.host import Host  # noqa: PLC0415 - TensorFlow; the calls are there to see the end

    calls.run(Host(workers).do)


if __name__ == "__main__":
    main()
