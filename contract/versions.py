"""The versions of a model: the subfolders of its folder whose names are numbers."""

import re
from pathlib import Path

_MAX_VERSION = 2**63 - 1


def version_number(name: str) -> int | None:
    """Returns the version whose folder has this name, a positive int64 without leading zeros."""
    is_number = re.fullmatch("[1-9][0-9]{0,18}", name) is not None
    return int(name) if is_number and int(name) <= _MAX_VERSION else None


def published_versions(model_dir: Path) -> list[int]:
    """Returns the versions in a model's folder, rising; none if there is no such folder."""
    if not model_dir.is_dir():
        return []
    numbers = (version_number(entry.name) for entry in model_dir.iterdir() if entry.is_dir())
    return sorted(filter(None, numbers))
