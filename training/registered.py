"""Whether the features that a published version reads are still what they were when it was trained."""

from collections.abc import Sequence
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


def check_computed(version: str, manifest: pb.Manifest, known: Sequence[pb.OnDemandView]) -> None:
    """Checks that a version computes the features of on-demand views as they are computed now.

    Raises:
        DataError: It computes one with another function or from something else.
    """
    now = {view.name: view for view in known}
    for view in manifest.on_demand_views:
        found = now.get(view.name)
        if found is None or (found.function, list(found.inputs)) != (view.function, list(view.inputs)):
            raise DataError(f"{version} computes on-demand view {view.name!r} otherwise than it is registered")


def check_registered(version_dir: Path, manifest: pb.Manifest, registered: ServiceInputs) -> None:
    """Compares the features of a version with those of its feature service as it is registered.

    Raises:
        DataError: One is no longer there, or differs, or is computed otherwise.
    """
    check_computed(f"{version_dir}", manifest, registered.on_demand_views)
    known = {spec.name: spec for spec in registered.inputs}
    for spec in manifest.inputs:
        if spec.source in _FEATURES and known.get(spec.name) != spec:
            service = manifest.feature_source.feature_service
            raise DataError(f"{version_dir} reads {spec.name!r} as feature service {service!r} no longer has it")
