"""What is published of a model, read from its folder."""

from collections.abc import Mapping
from pathlib import Path

from contract.manifest import published_versions

Fingerprint = frozenset[tuple[str, int, int]]
"""The path, size in bytes and time of change in nanoseconds of every file of a version."""


def poll(model_dir: Path) -> Mapping[int, Fingerprint]:
    """Returns the versions that are published, each with the fingerprint of its files.

    Raises:
        OSError: The folder can't be read.
    """
    return {version: fingerprint(model_dir / str(version)) for version in published_versions(model_dir)}


def fingerprint(version_dir: Path) -> Fingerprint:
    """Returns what changes whenever the files of a version do, without reading them."""
    files = (path for path in version_dir.rglob("*") if path.is_file())
    return frozenset(_describe(path, version_dir) for path in files)


def _describe(path: Path, version_dir: Path) -> tuple[str, int, int]:
    status = path.stat()
    return path.relative_to(version_dir).as_posix(), status.st_size, status.st_mtime_ns
