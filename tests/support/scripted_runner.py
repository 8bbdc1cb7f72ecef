"""A real process with a real connection that does calls without TensorFlow, so that it starts in a moment."""

import sys

from server.models.client import RunnerProcess

_SCRIPT = """
import ctypes, socket, sys
from server.models.runner.calls import CallServer
from server.models.runner.workers import CALLS_AT_ONCE, Workers

def do(call):
    match getattr(call, "saved_model_dir", ""):
        case "answers":
            return {}
        case "can't be packed":
            return lambda: None
        case "keeps the lock":
            ctypes.PyDLL(None).sleep(1000)  # unlike CDLL, it does not let go of the interpreter lock

CallServer(socket.socket(fileno=int(sys.argv[1])), Workers(CALLS_AT_ONCE + 1)).run(do)
"""


class ScriptedRunner(RunnerProcess):
    """Does what the folder that it is told to load says."""

    command = (sys.executable, "-c", _SCRIPT)
