"""Importing TensorFlow without what its native code prints meanwhile, which no log level silences."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from contract.unchecked import without_typeguard

_STDERR = 2


@contextmanager
def importing_tensorflow() -> Iterator[None]:
    """Shows that TensorFlow is imported, and sends the process's standard error nowhere while the block runs."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    try:
        screen = os.fdopen(kept, "w", closefd=False)
        with screen, Console(file=screen).status("Loading TensorFlow"), without_typeguard():
            yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
        os.close(nowhere)
