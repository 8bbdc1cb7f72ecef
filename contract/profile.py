"""The profile of a feature repository: the Feast configuration that tooling, training and serving share.

``feature_store.yaml`` is the default profile, ``dev``, and ``feature_store.<name>.yaml`` that called <name>. They
are Feast's own files, in which ``${NAME}`` and ``${NAME:-default}`` stand for environment variables.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from contract.errors import ProfileError

DEFAULT = "dev"
"""The name of the default profile, which "" is short for."""

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(:-(?P<default>[^}]*))?\}")


def data_dir(repo: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Returns the folder of all data: ``PACELINE_DATA``, or ``data`` beside the feature repository."""
    chosen = environment.get("PACELINE_DATA")
    return Path(chosen).resolve() if chosen else repo.resolve().parent / "data"


def profile_path(repo: Path, profile: str) -> Path:
    """Returns the file of a profile."""
    is_default = profile in ("", DEFAULT)
    return repo / ("feature_store.yaml" if is_default else f"feature_store.{profile}.yaml")


def read_profile(repo: Path, profile: str = "", environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Returns the keyword arguments of Feast's `RepoConfig`, without `repo_path`.

    Args:
        repo: The folder of the feature repository.
        profile: The name of the profile.
        environment: The environment variables; PACELINE_DATA is always set, see `data_dir`.

    Raises:
        ProfileError: The file does not exist or does not parse, or a variable in it is not set.
    """
    path = profile_path(repo, profile)
    try:
        text = path.read_text(encoding="utf-8")
        raw = yaml.safe_load(_expand(text, {**environment, "PACELINE_DATA": str(data_dir(repo, environment))}))
    except FileNotFoundError:
        raise ProfileError(f"profile {path} does not exist") from None
    except KeyError as error:
        raise ProfileError(f"profile {path}: the environment variable {error.args[0]} is not set") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProfileError(f"profile {path} does not parse: {error}") from None
    if not isinstance(raw, dict):
        raise ProfileError(f"profile {path} is a {type(raw).__name__}, expected a mapping")
    return raw


def _expand(text: str, environment: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        found = environment.get(match["name"], match["default"])
        if found is None:
            raise KeyError(match["name"])
        return found

    return _VARIABLE.sub(value, text)
