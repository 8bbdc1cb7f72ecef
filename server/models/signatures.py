"""The signatures that a version has to have, from its manifest."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from contract.columns import column_dtype
from contract.sides import CLASS_SIDE
from contract.stubs.manifest_pb2 import Input, Manifest
from server.domain.signatures import DEFAULT_SIGNATURE, Signature, Signatures, TensorSpec
from server.domain.versions import RefusalReason, Refused

Specs = Mapping[str, TensorSpec]

_CLASS_STATE = {
    "class_state": TensorSpec("float32"),
    "class_wide": TensorSpec("float32"),
    "class_crosses": TensorSpec("int32"),
}
_QUESTION = {"candidates": TensorSpec("bool"), "count": TensorSpec("int32")}
_RANKING = {"scores": TensorSpec("float32"), "positions": TensorSpec("int32")}


def expected_signatures(manifest: Manifest) -> Signatures:
    """Returns the signatures that the server calls, without shapes: two more if the model has a feature source."""
    score_rows = Signature(_specs(manifest.inputs), {"score": TensorSpec("float32")})
    if not manifest.HasField("feature_source"):
        return {DEFAULT_SIGNATURE: score_rows}
    class_side = _specs(spec for spec in manifest.inputs if spec.source in CLASS_SIDE)
    others = _specs(spec for spec in manifest.inputs if spec.source not in CLASS_SIDE)
    return {
        DEFAULT_SIGNATURE: score_rows,
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


def _differences(what: str, wanted: Specs, found: Specs) -> Iterator[str]:
    for name in sorted(wanted.keys() | found.keys()):
        expected = wanted[name].dtype if name in wanted else "none"
        dtype = found[name].dtype if name in found else "missing"
        if expected != dtype:
            yield f"{what} {name!r} is {dtype}, expected {expected}"


def _specs(inputs: Iterable[Input]) -> dict[str, TensorSpec]:
    return {spec.name: _spec(spec) for spec in inputs}


def _spec(spec: Input) -> TensorSpec:
    dtype = column_dtype(spec)
    return TensorSpec("string" if dtype is object else np.dtype(dtype).name)
