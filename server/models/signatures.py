"""The signatures that a version has to have, from its manifest."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from contract.columns import column_dtype
from contract.stubs.manifest_pb2 import SOURCE_CLASS, SOURCE_CLASS_KEY, Input, Manifest
from server.domain.versions import RefusalReason, Refused
from server.models.ports import Signature, Signatures

CLASS_SIDE = (SOURCE_CLASS, SOURCE_CLASS_KEY)
"""The sources of the inputs that belong to the classes."""

_CLASS_STATE = {"class_state": "float32", "class_wide": "float32", "class_crosses": "int32"}
_QUESTION = {"candidates": "bool", "count": "int32"}
_RANKING = {"scores": "float32", "positions": "int32"}


def expected_signatures(manifest: Manifest) -> Signatures:
    """Returns the signatures that the server calls: two more if the model has a feature source."""
    score_rows = Signature(_dtypes(manifest.inputs), {"score": "float32"})
    if not manifest.HasField("feature_source"):
        return {"serving_default": score_rows}
    class_side = _dtypes(spec for spec in manifest.inputs if spec.source in CLASS_SIDE)
    others = _dtypes(spec for spec in manifest.inputs if spec.source not in CLASS_SIDE)
    return {
        "serving_default": score_rows,
        "encode_classes": Signature(class_side, _CLASS_STATE),
        "rank": Signature({**others, **_CLASS_STATE, **_QUESTION}, _RANKING),
    }


def check_signatures(manifest: Manifest, found: Signatures) -> None:
    """Compares the names and dtypes of a SavedModel's signatures with those that its manifest calls for.

    Raises:
        Refused: They differ. The message lists every difference.
    """
    differences = [
        text for name, wanted in expected_signatures(manifest).items() for text in _compare(name, wanted, found)
    ]
    if differences:
        raise Refused(RefusalReason.SIGNATURE_MISMATCH, "; ".join(differences))


def _compare(name: str, wanted: Signature, signatures: Signatures) -> Iterator[str]:
    found = signatures.get(name)
    if found is None:
        yield f"there is no signature {name}"
        return
    yield from _differences(f"input of {name}", wanted.inputs, found.inputs)
    yield from _differences(f"output of {name}", wanted.outputs, found.outputs)


def _differences(what: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            yield f"{what} {name!r} is {found.get(name, 'missing')}, expected {wanted.get(name, 'none')}"


def _dtypes(specs: Iterable[Input]) -> dict[str, str]:
    return {spec.name: _dtype(spec) for spec in specs}


def _dtype(spec: Input) -> str:
    dtype = column_dtype(spec)
    return "string" if dtype is object else np.dtype(dtype).name
