"""Stores that need no Feast to be read: a registry in a file or a database, and SQLite or one Redis online.

What a profile says has to be understood to the last key. If it is not, Feast reads the stores.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from contract.errors import ProfileError
from server.features.cells import CellReader
from server.features.feast_formats import KEY_VERSION
from server.features.redis_cells import RedisCells
from server.features.redis_client import hash_reader
from server.features.registry import RegistrySource
from server.features.registry_file import RegistryFile
from server.features.sqlite_cells import SqliteCells

_NOT_FOR_SERVING = {"offline_store", "batch_engine", "materialization"}
_PARTS = {"project", "provider", "registry", "online_store", "entity_key_serialization_version", *_NOT_FOR_SERVING}
_REGISTRY = {"registry_type", "path", "cache_ttl_seconds"}
_REDIS = {"type", "connection_string", "key_ttl_seconds", "skip_dedup"}
_SQLITE = {"type", "path"}
_DATABASE = re.compile(r"(postgresql\+psycopg|sqlite)://.*")
_PROJECT = re.compile(r"[^\W_][\w-]*")


def plain_stores(raw: Mapping[str, Any], repo: Path) -> tuple[RegistrySource, CellReader] | None:
    """Returns the registry and the online store of a profile, without connecting to them; None if they need Feast.

    Args:
        raw: The profile; see `contract.profile.read_profile`.
        repo: The folder of the feature repository.

    Raises:
        ProfileError: The client of Redis has no such option.
    """
    project = raw.get("project")
    is_plain = (
        raw.keys() <= _PARTS
        and isinstance(project, str)
        and _PROJECT.fullmatch(project)
        and raw.get("provider", "local") == "local"
        and raw.get("entity_key_serialization_version", KEY_VERSION) == KEY_VERSION
    )
    if not is_plain:
        return None
    registry = _registry(raw.get("registry"), str(project), repo)
    cells = _cells(raw.get("online_store"), str(project), repo)
    return (registry, cells) if registry and cells else None


def _registry(raw: Any, project: str, repo: Path) -> RegistrySource | None:
    found = {"path": raw} if isinstance(raw, str) else raw
    if not _has_only(found, _REGISTRY) or not isinstance(path := found.get("path"), str):
        return None
    kind = found.get("registry_type", "file")
    if kind == "file" and path and "://" not in path:
        return RegistryFile(repo / path, project)
    if kind == "sql" and _DATABASE.fullmatch(path):
        from server.features.registry_database import RegistryDatabase  # noqa: PLC0415 (SQLAlchemy)

        return RegistryDatabase(path, project)
    return None


def _cells(raw: Any, project: str, repo: Path) -> CellReader | None:
    if _has_only(raw, _SQLITE) and raw.get("type") == "sqlite" and isinstance(raw.get("path"), str):
        return SqliteCells(repo / raw["path"], project)
    if _has_only(raw, _REDIS) and raw.get("type") == "redis" and isinstance(raw.get("connection_string"), str):
        try:
            read = hash_reader(raw["connection_string"])
        except TypeError as error:
            raise ProfileError(f"the connection_string of the online store: {error}") from None
        return RedisCells(read, project) if read else None
    return None


def _has_only(raw: Any, keys: Collection[str]) -> bool:
    return isinstance(raw, dict) and raw.keys() <= set(keys)
