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


def verified_manifest(version_dir: Path) -> Manifest:
    """Returns the manifest of a version whose every file is as the manifest says. Reads them all, so it blocks.

    Raises:
        Refused: The manifest is missing or invalid, or a file is missing, changed or not listed.
        OSError: A file can't be read.
    """
    try:
        manifest = read_manifest(version_dir)
        verify_files(version_dir, manifest)
    except ManifestError as error:
        raise Refused(REASONS[error.fault], str(error)) from None
    return manifest
