"""Reading, writing and verifying the manifest of a published version."""

import hashlib
from pathlib import Path

from google.protobuf import json_format

from contract.durable import whole_file
from contract.errors import ManifestError, ManifestFault
from contract.stubs.manifest_pb2 import File, Manifest

MANIFEST_NAME = "manifest.json"


def read_manifest(version_dir: Path) -> Manifest:
    """Returns the manifest of a published version.

    Raises:
        ManifestError: There is none, it does not parse, or it names another model or version than its folder.
    """
    path = version_dir / MANIFEST_NAME
    try:
        manifest = json_format.Parse(path.read_text(encoding="utf-8"), Manifest())
    except FileNotFoundError:
        raise ManifestError(ManifestFault.MANIFEST_MISSING, f"{path} does not exist") from None
    except (json_format.ParseError, UnicodeDecodeError) as error:
        raise ManifestError(ManifestFault.MANIFEST_INVALID, f"{path} does not parse: {error}") from None
    found = (manifest.model_name, str(manifest.version))
    expected = (version_dir.parent.name, version_dir.name)
    if found != expected:
        message = f"{path} is for {'/'.join(found)}, expected {'/'.join(expected)}"
        raise ManifestError(ManifestFault.MANIFEST_INVALID, message)
    return manifest


def write_manifest(version_dir: Path, manifest: Manifest) -> None:
    """Writes the manifest with the checksums of every other file: aside, synced, and renamed into place."""
    del manifest.files[:]
    manifest.files.extend(_describe(version_dir, path) for path in _files(version_dir))
    with whole_file(version_dir / MANIFEST_NAME) as out:
        out.write(json_format.MessageToJson(manifest, preserving_proto_field_name=True).encode())


def verify_files(version_dir: Path, manifest: Manifest) -> None:
    """Compares every file of a version with its manifest.

    Raises:
        ManifestError: A file is missing, differs in size or checksum, or is not listed.
    """
    for promised in manifest.files:
        path = version_dir / promised.path
        if not path.is_file():
            raise ManifestError(ManifestFault.FILE_MISSING, f"{path} does not exist")
        found = _describe(version_dir, path)
        if found.size_bytes != promised.size_bytes:
            message = f"{path} has {found.size_bytes} bytes, the manifest says {promised.size_bytes}"
            raise ManifestError(ManifestFault.FILE_CHANGED, message)
        if found.sha256 != promised.sha256:
            message = f"{path} has SHA-256 {found.sha256}, the manifest says {promised.sha256}"
            raise ManifestError(ManifestFault.FILE_CHANGED, message)
    promised_paths = {file.path for file in manifest.files}
    for path in _files(version_dir):
        if path.relative_to(version_dir).as_posix() not in promised_paths:
            raise ManifestError(ManifestFault.FILE_CHANGED, f"{path} is not listed in the manifest")


def _files(version_dir: Path) -> list[Path]:
    return sorted(p for p in version_dir.rglob("*") if p.is_file() and p != version_dir / MANIFEST_NAME)


def _describe(version_dir: Path, path: Path) -> File:
    with path.open("rb") as source:
        sha256 = hashlib.file_digest(source, "sha256").hexdigest()
    return File(path=path.relative_to(version_dir).as_posix(), size_bytes=path.stat().st_size, sha256=sha256)
