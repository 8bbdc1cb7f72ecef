"""What the stores behind Feast raise, as the errors of this package."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
from feast import FeatureStore
from feast.errors import FeastError
from google.protobuf.message import DecodeError
from redis.exceptions import RedisError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from features.errors import StoreError

_FOREIGN = (
    FeastError,
    DecodeError,
    RedisError,
    SQLAlchemyError,
    duckdb.Error,
    pa.ArrowException,
    sqlite3.Error,
    OSError,
)
_SPARK = ("pyspark", "py4j")
"""Packages whose errors are foreign too, without a need for them to be installed."""


def registry_name(store: FeatureStore) -> str:
    """Returns where a registry is, without the password of a database."""
    path = str(store.config.registry.path)
    try:
        return make_url(path).render_as_string()
    except ArgumentError:  # it is a file
        return path


@contextmanager
def reported(what: str) -> Iterator[None]:
    """Raises what a store raises as a `StoreError` that begins with `what`."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, _FOREIGN) and type(error).__module__.partition(".")[0] not in _SPARK:
            raise
        raise StoreError(f"{what}: {type(error).__name__}: {error}") from error
