"""Importing TensorFlow without what its native code prints meanwhile, which no log level silences."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cli.output import messages

_STDERR = 2


@contextmanager
def importing_tensorflow() -> Iterator[None]:
    """Says that TensorFlow is imported, and sends the process's standard error nowhere while the block runs."""
    messages.print("Loading TensorFlow.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    try:
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
        os.close(nowhere)
