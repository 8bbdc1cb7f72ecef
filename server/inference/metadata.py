"""Tells which signatures a model has, and which features it reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.models import ModelSpec
from server.domain.signatures import Signatures
from server.inference.ports import Servables
from server.inference.types import Origin

SIGNATURE_DEF = "signature_def"
"""The metadata that TensorFlow Serving has."""
MANIFEST = "manifest"
"""The metadata that tell what a version reads, and where."""
_KINDS = (SIGNATURE_DEF, MANIFEST)
_EXPECTED = " or ".join(map(repr, _KINDS))


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is told of a version; None of what was not asked for."""

    signatures: Signatures | None
    manifest: Manifest | None
    origin: Origin


def metadata(servables: Servables, model: ModelSpec, fields: Sequence[str]) -> Metadata:
    """Returns the metadata of a model that is asked for.

    Raises:
        InvalidRequest: Nothing is asked for, or something that there is not, or there is no such label.
        NotFound: There is no such model, or its version is not loaded.
        NoModel: The version's process is being replaced.
    """
    violations = [
        FieldViolation(f"metadata_field[{place}]", f"is {field!r}, expected {_EXPECTED}")
        for place, field in enumerate(fields)
        if field not in _KINDS
    ]
    if not fields:
        violations = [FieldViolation("metadata_field", f"is empty, expected {_EXPECTED}")]
    if violations:
        raise InvalidRequest(violations)
    with servables.lease(model) as servable:
        return Metadata(
            servable.signatures if SIGNATURE_DEF in fields else None,
            _told_of(servable.manifest) if MANIFEST in fields else None,
            Origin(model.name, servable.version),
        )


def _told_of(manifest: Manifest) -> Manifest:
    """Returns it without what only loading a version needs, which is long."""
    told = Manifest.FromString(manifest.SerializeToString())
    told.ClearField("golden_requests")
    told.ClearField("files")
    for view in told.on_demand_views:
        view.ClearField("golden_inputs")
        view.ClearField("golden_outputs")
    return told
