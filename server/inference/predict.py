"""Runs a signature on tensors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.domain.errors import NoSignature
from server.domain.signatures import Tensors, TensorSpec
from server.inference.checks import check_fits, listed
from server.inference.ports import Servables
from server.inference.types import Origin, Target


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a signature gave."""

    outputs: Tensors
    specs: Mapping[str, TensorSpec]
    """What the signature says of its outputs."""
    origin: Origin


async def predict(
    servables: Servables, target: Target, inputs: Tensors, output_filter: Sequence[str] = ()
) -> Prediction:
    """Runs a signature and returns those of its outputs that are named, all if none is.

    Raises:
        NotFound: There is no such model, or its version is not loaded.
        NoSignature: The version has no such signature.
        InvalidRequest: The inputs or outputs are not those of the signature, or the model has no such label.
        ModelFailed: TensorFlow can't run it.
        Unavailable: The version's process is being replaced, or ended.
    """
    with servables.lease(target.model) as servable:
        signature = servable.signatures.get(target.signature)
        if signature is None:
            found = f"the model {target.model.name!r} has no signature {target.signature!r} in version"
            raise NoSignature(f"{found} {servable.version}, expected {listed(servable.signatures)}")
        check_fits(signature, inputs, output_filter)
        outputs = await servable.run(target.signature, inputs, output_filter)
        return Prediction(
            outputs, signature.outputs, Origin(target.model.name, servable.version, target.signature)
        )
