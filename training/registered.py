"""Whether the features that a published version reads are still what they were when it was trained."""

from pathlib import Path

from contract.stubs import manifest_pb2 as pb
from training.errors import DataError
from training.inputs import ServiceInputs

_FEATURES = (pb.SOURCE_MEMBER, pb.SOURCE_CLASS)


def require_source(version_dir: Path, manifest: pb.Manifest) -> None:
    """Checks that a version reads a feature service.

    Raises:
        DataError: It was trained on a flat table.
    """
    if not manifest.HasField("feature_source"):
        raise DataError(f"{version_dir} was trained on a flat table, expected a version with a feature service")


def check_registered(version_dir: Path, manifest: pb.Manifest, registered: ServiceInputs) -> None:
    """Compares the features of a version with those of its feature service as it is registered.

    Raises:
        DataError: One is no longer there, or differs.
    """
    known = {spec.name: spec for spec in registered.inputs}
    for spec in manifest.inputs:
        if spec.source in _FEATURES and known.get(spec.name) != spec:
            service = manifest.feature_source.feature_service
            raise DataError(f"{version_dir} reads {spec.name!r} as feature service {service!r} no longer has it")
