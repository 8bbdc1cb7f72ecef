"""Functions in processes of their own, which may kill themselves or be measured."""

import resource
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["features.materialize", "features.repository"])


def exit_code_apart(function: Callable[..., None], *arguments: Any) -> int:
    """Runs a function in a process that has imported Feast; returns its exit code, minus a signal if killed."""
    process = _CONTEXT.Process(target=function, args=arguments)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def grown_apart(function: Callable[..., None], *arguments: Any) -> int:
    """Returns by how many bytes the memory of such a process grows at most while the function runs."""
    receiving, sending = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_measure, args=(sending, function, arguments))
    process.start()
    sending.close()
    grown: int = receiving.recv()
    process.join()
    return grown


def _measure(sending: Any, function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    function(*arguments)
    sending.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
