"""Importing what checks its own types at run time, without that."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without_typeguard() -> Iterator[None]:
    """Has typeguard's `typechecked` do nothing for what the block imports.

    Feast decorates its definitions with it, whose instrumentation is more than half of the time of its import.
    Definitions are checked where they are written; who only reads them need not wait.
    """
    import typeguard  # noqa: PLC0415 (only who imports Feast needs it)

    kept: Callable[..., Any] = typeguard.typechecked
    typeguard.typechecked = _unchecked
    try:
        yield
    finally:
        typeguard.typechecked = kept


def _unchecked(target: Any = None, **_options: object) -> Any:
    """Stands in for `typeguard.typechecked`, bare or called."""
    return target if target is not None else _identity


def _identity(target: Any) -> Any:
    return target
