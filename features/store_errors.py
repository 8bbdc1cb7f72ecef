"""What the stores behind Feast raise, as the errors of this package."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from feast.errors import FeastError
from google.protobuf.message import DecodeError
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from features.errors import StoreError

_FOREIGN = (FeastError, DecodeError, RedisError, SQLAlchemyError, sqlite3.Error, OSError)


@contextmanager
def reported(what: str) -> Iterator[None]:
    """Raises what a store raises as a `StoreError` that begins with `what`."""
    try:
        yield
    except _FOREIGN as error:
        raise StoreError(f"{what}: {type(error).__name__}: {error}") from error
