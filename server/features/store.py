"""The feature store of a feature repository, read through Feast."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from contract.errors import ProfileError
from contract.profile import profile_path, read_profile
from server.features.cells import CellReader, View
from server.features.feast_sdk import FeatureStore, RedisOnlineStore, RepoConfig, compute_versioned_name
from server.features.provider_cells import ProviderCells
from server.features.redis_cells import Hashes, RedisCells

_NOT_FOR_SERVING = ("offline_store", "batch_engine")
"""Parts of a profile that serving never uses: left out, so that their packages need not be installed."""


def open_store(repo: Path, profile: str = "") -> FeatureStore:
    """Returns the feature store that a profile describes, without connecting to it.

    Raises:
        ProfileError: The profile does not exist or is not a Feast configuration.
    """
    raw = read_profile(repo, profile)
    parts = {name: part for name, part in raw.items() if name not in _NOT_FOR_SERVING}
    try:
        config = RepoConfig(**parts)
        if config.registry.registry_type == "sql":
            config.registry.schema_mode = "verify"  # a reader makes no tables
    except (TypeError, ValueError) as error:
        path = profile_path(repo, profile)
        raise ProfileError(f"profile {path} is not a Feast configuration: {error}") from None
    config.repo_path = repo
    return FeatureStore(config=config)


def cell_reader(store: FeatureStore) -> CellReader:
    """Returns the fastest reader of the store's online store, without connecting to it."""
    online_store = store.provider.online_store
    # A subclass may lay its rows out in another way.
    if type(online_store) is not RedisOnlineStore:
        return ProviderCells(store)
    config = store.config

    def stored_name(view: View) -> str:
        name: str = compute_versioned_name(view, config.registry.enable_online_feature_view_versioning)
        return name

    read_each: Any = partial(online_store._read_hash_fields, config)

    def read(keys: Sequence[bytes], fields: Sequence[bytes]) -> Hashes:
        rows: Hashes = read_each([(key, fields) for key in keys])
        return rows

    return RedisCells(read, config.project, config.entity_key_serialization_version, stored_name)
