"""Publishing a version: written aside, synced, and renamed to the next free number last.

Whoever polls the model's folder sees a whole version or none. There is no lock: a rename onto a version that is
already there fails, and the publisher that comes second takes the number after it.
"""

import errno
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from contract.durable import sync, sync_tree
from contract.manifest import write_manifest
from contract.stubs.manifest_pb2 import Manifest
from contract.versions import published_versions
from training.errors import PublishError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY)


def check_name(name: str) -> str:
    """Returns the name of a model, which is that of its folder.

    Raises:
        PublishError: It is not 1 to 64 of a-z, 0-9, "_" and "-", beginning with a letter or digit.
    """
    if not _NAME.fullmatch(name):
        raise PublishError(
            f'--name is {name!r}, expected 1 to 64 of a-z, 0-9, "_" and "-", beginning with a letter or digit'
        )
    return name


def publish(models: Path, manifest: Manifest, write: Callable[[Path, Manifest], None]) -> Path:
    """Publishes a version and returns its folder, ``<models>/<model name>/<version>``.

    Args:
        models: The folder of all models.
        manifest: What is known of the version; its number and files are filled in here.
        write: Writes the SavedModel into a folder, and into the manifest what is learned from it.

    Raises:
        PublishError: Something could not be written. Nothing of the version is left.
    """
    folder = models / check_name(manifest.model_name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _aside(folder) as aside:
            write(aside, manifest)
            return _rename(aside, folder, manifest)
    except OSError as error:
        raise PublishError(f"{folder}: the version could not be written: {error}") from error


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """Makes a folder that no poll sees, and removes it unless it was renamed."""
    aside = folder / f".{uuid4().hex}.partial"
    aside.mkdir()
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _rename(aside: Path, folder: Path, manifest: Manifest) -> Path:
    while True:
        manifest.version = max(published_versions(folder), default=0) + 1
        write_manifest(aside, manifest)
        sync_tree(aside)
        version = folder / str(manifest.version)
        try:
            aside.rename(version)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        else:
            sync(folder)
            return version
