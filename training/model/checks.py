"""What inputs and crosses have to satisfy before a model is fitted."""

import keyword
import re
from collections.abc import Mapping, Sequence

from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from training.errors import SpecError
from training.model.spec import ModelSpec

RANK_ARGUMENTS = ("class_state", "class_wide", "class_crosses", "candidates", "count")
"""What the signature `rank` takes beside the inputs."""
_TEXTS = (pb.DATA_TYPE_STRING, pb.DATA_TYPE_STRING_LIST)


def check_inputs(inputs: Sequence[pb.Input]) -> None:
    """Checks that the inputs can be those of one model.

    Raises:
        SpecError: An input can't be, or none is on the member side.
    """
    by_name = {spec.name: spec for spec in inputs}
    for spec in inputs:
        _check_name(spec.name)
        if spec.encoding == pb.ENCODING_UNSPECIFIED:
            raise SpecError(f"input {spec.name!r} has no encoding, so the model can't read it")
        if spec.vocabulary_of:
            _check_sharing(spec, by_name)
    if len(by_name) != len(inputs):
        raise SpecError("two inputs have the same name")
    if all(spec.source in CLASS_SIDE for spec in inputs):
        raise SpecError("no input is of the member, the context or the request time, expected at least one")


def _check_name(name: str) -> None:
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) or keyword.iskeyword(name):
        expected = "a letter followed by letters, digits and underscores, and no Python keyword"
        raise SpecError(f"input {name!r} can't name an argument of a TensorFlow signature, expected {expected}")
    if name in (*RANK_ARGUMENTS, "self"):
        raise SpecError(f"input {name!r} has the name of another argument of a signature")


def _check_sharing(spec: pb.Input, by_name: Mapping[str, pb.Input]) -> None:
    where = f"input {spec.name!r}: vocabulary_of is {spec.vocabulary_of!r}"
    owner = by_name.get(spec.vocabulary_of)
    if owner is None:
        raise SpecError(f"{where}, which is no input of the model")
    if owner.encoding != pb.ENCODING_VOCABULARY or owner.vocabulary_of:
        raise SpecError(f"{where}, which has no vocabulary of its own")
    if (owner.data_type in _TEXTS) != (spec.data_type in _TEXTS):
        raise SpecError(f"{where}, and one of them holds texts and the other whole numbers")


def check_crosses(inputs: Sequence[pb.Input], spec: ModelSpec) -> None:
    """Checks that each cross is of inputs that have categories, at most one of them a list.

    Raises:
        SpecError: A cross is not.
    """
    lengths = {name: i.list_length for i in inputs for name in crossable_names(i)}
    for cross in spec.crosses:
        for name in cross:
            if name not in lengths:
                known = ", ".join(lengths) or "none"
                raise SpecError(f"model.crosses has {list(cross)}: {name!r} can't be crossed, expected of {known}")
        if sum(lengths[name] > 0 for name in cross) > 1:
            raise SpecError(f"model.crosses has {list(cross)}, which crosses two lists; expected at most one")


def check_attention(inputs: Sequence[pb.Input], spec: ModelSpec) -> None:
    """Checks that what is pooled by attention are lists with a vocabulary.

    Raises:
        SpecError: One is not.
    """
    lists = [i.name for i in inputs if i.list_length and i.encoding == pb.ENCODING_VOCABULARY]
    for name in spec.attention:
        if name not in lists:
            known = ", ".join(lists) or "none"
            raise SpecError(f"model.attention has {name!r}, expected a list with a vocabulary, of {known}")


def crossable_names(spec: pb.Input) -> list[str]:
    """Returns the names under which an input can be crossed."""
    if spec.encoding == pb.ENCODING_TIME:
        return [f"{spec.name}.hour", f"{spec.name}.weekday"]
    is_vector = spec.list_length > 0 and spec.encoding != pb.ENCODING_VOCABULARY
    return [] if is_vector else [spec.name]
