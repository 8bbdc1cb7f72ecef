"""Tells which signatures a model has."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.models import ModelSpec
from server.domain.signatures import Signatures
from server.inference.ports import Servables
from server.inference.types import Origin

SIGNATURE_DEF = "signature_def"
"""The one kind of metadata that there is."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The signatures of a version."""

    signatures: Signatures
    origin: Origin


def metadata(servables: Servables, model: ModelSpec, fields: Sequence[str]) -> Metadata:
    """Returns the metadata of a model that is asked for.

    Raises:
        InvalidRequest: Nothing or something else than `SIGNATURE_DEF` is asked for, or there is no such label.
        NotFound: There is no such model, or its version is not loaded.
        NoModel: The version's process is being replaced.
    """
    violations = [
        FieldViolation(f"metadata_field[{place}]", f"is {field!r}, expected {SIGNATURE_DEF!r}")
        for place, field in enumerate(fields)
        if field != SIGNATURE_DEF
    ]
    if not fields:
        violations = [FieldViolation("metadata_field", f"is empty, expected {SIGNATURE_DEF!r}")]
    if violations:
        raise InvalidRequest(violations)
    with servables.lease(model) as servable:
        return Metadata(servable.signatures, Origin(model.name, servable.version))
