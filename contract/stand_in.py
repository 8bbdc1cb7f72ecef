"""Importing modules of a package without the package's own, which imports more than they need."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def without_its_init(package: str) -> Iterator[None]:
    """Has an empty module stand in for a package while the block imports modules below it.

    The empty one knows only the package's folder, where Python then finds the modules. It and what was imported
    below it are taken away again, so that whoever needs the real package in this process can import it; protobuf
    gives both the same message classes. Nothing is done if the package is imported already, or is not there.
    """
    spec = None if package in sys.modules else importlib.util.find_spec(package)
    if spec is None:
        yield
        return
    empty = ModuleType(package)
    empty.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[package] = empty
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
            del sys.modules[name]
