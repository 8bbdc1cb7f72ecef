"""A fake of `server.inference.ports.Servables`: models whose signatures are computed by a function."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from contract.stubs.manifest_pb2 import File, Manifest
from server.domain.errors import FieldViolation, InvalidRequest, NotFound
from server.domain.models import ModelSpec
from server.domain.signatures import CLASSIFY, REGRESS, Signature, Signatures, Tensors, TensorSpec

EXAMPLES = {"inputs": TensorSpec("string", (None,))}
SCALED = Signature(
    inputs={"x": TensorSpec("float32", (None, 2)), "factor": TensorSpec("float32", ())},
    outputs={"y": TensorSpec("float32", (None, 2)), "count": TensorSpec("int64", ())},
    optional=frozenset({"factor"}),
)
CLASSIFYING = Signature(
    EXAMPLES, {"classes": TensorSpec("string", (None, 2)), "scores": TensorSpec("float32", (None, 2))}, CLASSIFY
)
REGRESSING = Signature(EXAMPLES, {"outputs": TensorSpec("float32", (None, 1))}, REGRESS)
SIGNATURES: Signatures = {"serving_default": SCALED, "classify": CLASSIFYING, "regress": REGRESSING}


def texts(*values: bytes) -> NDArray[Any]:
    """Returns an array of texts."""
    return np.array(values, dtype=np.object_)


def answer(signature: str, tensors: Tensors) -> Tensors:
    """Computes `SIGNATURES`: doubles, or scales by a factor; an example's score is its length in tenths."""
    if signature == "serving_default":
        factor = tensors.get("factor", np.float32(2))
        return {"y": tensors["x"] * factor, "count": np.array(len(tensors["x"]), np.int64)}
    scores = np.array([len(example) / 10 for example in tensors["inputs"]], dtype=np.float32)
    if signature == "regress":
        return {"outputs": scores[:, np.newaxis]}
    labels = np.tile(texts(b"no", b"yes"), (len(scores), 1))
    return {"classes": labels, "scores": np.stack([1 - scores, scores], axis=1)}


@dataclass
class FakeServables:
    """One model called "half", with versions and labels. The newest version is the default."""

    signatures: Signatures = field(default_factory=lambda: SIGNATURES)
    answer: Callable[[str, Tensors], Tensors] = answer
    versions: Collection[int] = (3, 4)
    labels: Mapping[str, int] = field(default_factory=lambda: {"canary": 4, "stable": 3})
    leases: int = 0
    """How many leases are out."""
    runs: list[tuple[str, Tensors, Collection[str]]] = field(default_factory=list)
    """What was run, with the outputs that were named."""

    def lease(self, spec: ModelSpec) -> "FakeServable":
        if spec.label is not None and spec.label not in self.labels:
            raise InvalidRequest([FieldViolation("model_spec.version_label", f"is {spec.label!r}")])
        version = self.labels[spec.label] if spec.label is not None else spec.version or max(self.versions)
        if spec.name != "half" or version not in self.versions:
            raise NotFound(f"there is no version {version} of {spec.name!r}")
        self.leases += 1
        return FakeServable(self, version)


class FakeServable:
    def __init__(self, servables: FakeServables, version: int) -> None:
        self._servables = servables
        self.version = version
        self.signatures = servables.signatures
        self.manifest = Manifest(model_name="half", version=version, files=[File(path="saved_model.pb")])

    async def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        assert self._servables.leases, "a model is run on a lease"
        self._servables.runs.append((signature, tensors, outputs))
        found = self._servables.answer(signature, tensors)
        return {name: found[name] for name in outputs or found}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._servables.leases -= 1
