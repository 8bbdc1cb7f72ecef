"""One writer of a registry at a time.

Feast reads the whole registry, or an object of it, changes it in memory and writes it back, over whatever others
have written since (feast-dev/feast#2176, #6663).
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

from feast import FeatureStore
from sqlalchemy import URL, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from features.errors import StoreError
from features.exclusive import locked
from features.store_errors import registry_name, reported

WAIT_SECONDS = 60
"""How long to wait for another writer: each writes for a second or so."""
_ADVISORY_LOCK = 0x50ACE
"""The number of ours among the locks that the users of a PostgreSQL database agree on."""


@contextmanager
def writing_registry(store: FeatureStore) -> Iterator[None]:
    """Waits for other writers of the registry, reads it anew, and lets nobody else write while the block runs.

    A registry in a file or in SQLite is locked by a file beside it, one in PostgreSQL by an advisory lock. Others,
    such as one in an object store, are not locked.

    Raises:
        StoreError: Another command goes on writing to it, or it can't be reached or locked.
    """
    with ExitStack() as lock:
        with reported(f"the registry {registry_name(store)} can't be written"):
            lock.enter_context(_lock(store))
            store.registry.refresh(store.project)
        yield


def _lock(store: FeatureStore) -> AbstractContextManager[None]:
    registry = store.config.registry
    if registry.registry_type == "sql":
        url = make_url(registry.path)
        if url.get_backend_name() == "postgresql":
            return _database_lock(url)
        if url.get_backend_name() == "sqlite" and url.database:
            return _file_lock(Path(url.database))
    elif "://" not in registry.path:
        return _file_lock(Path(store.repo_path, registry.path))
    return nullcontext()


@contextmanager
def _file_lock(registry: Path) -> Iterator[None]:
    with ExitStack() as lock:
        try:
            lock.enter_context(locked(registry.with_name(f".{registry.name}.lock"), WAIT_SECONDS))
        except BlockingIOError:
            raise _busy(str(registry)) from None
        yield


@contextmanager
def _database_lock(url: URL) -> Iterator[None]:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'"))
        try:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK})
        except OperationalError as error:
            raise _busy(url.render_as_string()) from error
        yield


def _busy(registry: str) -> StoreError:
    return StoreError(f"another command has been writing to the registry {registry} for {WAIT_SECONDS} seconds")
