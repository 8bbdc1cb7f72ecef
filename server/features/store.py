"""Opening the feature store of a feature repository."""

from pathlib import Path

from contract.errors import ProfileError
from contract.profile import profile_path, read_profile
from server.features.feast_sdk import FeatureStore, RepoConfig

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
