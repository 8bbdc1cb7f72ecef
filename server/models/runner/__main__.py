"""`python -m server.models.runner FD`: runs one model for the server at the other end of the socket FD."""

import logging
import os
import socket
import sys

from server.models.runner.calls import CallServer
from server.models.runner.messages import CALLS_AT_ONCE
from server.models.runner.priority import Priority


def main() -> None:
    """Does the server's calls until it goes away."""
    logging.basicConfig(format=f"runner pid={os.getpid()} %(levelname)s %(message)s")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    calls = CallServer(socket.socket(fileno=int(sys.argv[1])))
    priority = Priority()
    priority.lower()
    # Only now, as it imports TensorFlow: that takes seconds, and reads the variables above.
    from server.models.runner.host import Host  # noqa: PLC0415

    calls.serve(Host(priority).do, CALLS_AT_ONCE)


if __name__ == "__main__":
    main()
