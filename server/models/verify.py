"""Whether the files of a version are what its manifest promises."""

from pathlib import Path

from contract.errors import ManifestError, ManifestFault
from contract.manifest import read_manifest, verify_files
from contract.stubs.manifest_pb2 import Manifest
from server.domain.versions import RefusalReason, Refused

REASONS = {
    ManifestFault.MANIFEST_MISSING: RefusalReason.MANIFEST_MISSING,
    ManifestFault.MANIFEST_INVALID: RefusalReason.MANIFEST_INVALID,
    ManifestFault.FILE_MISSING: RefusalReason.FILE_MISSING,
    ManifestFault.FILE_CHANGED: RefusalReason.FILE_CHANGED,
}
"""Why a version with each fault is refused."""


def verified_manifest(version_dir: Path, *, required: bool = True) -> Manifest | None:
    """Returns the manifest of a version whose every file is as the manifest says. Reads them all, so it blocks.

    Args:
        version_dir: The version's folder.
        required: Whether a version without a manifest is refused. Without, it is None, and nothing is verified.

    Raises:
        Refused: The manifest is missing and required, or invalid, or a file is missing, changed or not listed.
        OSError: A file can't be read.
    """
    try:
        manifest = read_manifest(version_dir)
        verify_files(version_dir, manifest)
    except ManifestError as error:
        if error.fault is ManifestFault.MANIFEST_MISSING and not required:
            return None
        raise Refused(REASONS[error.fault], str(error)) from None
    return manifest
