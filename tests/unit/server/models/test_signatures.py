"""The signatures that a manifest calls for."""

import pytest

from contract.stubs import manifest_pb2 as pb
from server.domain.signatures import Signature, TensorSpec
from server.domain.versions import RefusalReason, Refused
from server.models.signatures import check_signatures, expected_signatures
from tests.support.linear_model import manifest


def specs(**dtypes: str) -> dict[str, TensorSpec]:
    return {name: TensorSpec(dtype) for name, dtype in dtypes.items()}


def test_a_ranking_model_has_three_signatures() -> None:
    signatures = expected_signatures(manifest(1, 1.0))
    assert signatures["serving_default"].outputs == specs(score="float32")
    class_state = specs(class_state="float32", class_wide="float32", class_crosses="int32")
    assert signatures["encode_classes"] == Signature(
        specs(class_id="string", minutes="float32", genres="string"), class_state
    )
    assert signatures["rank"] == Signature(
        specs(member_id="string", liking="float32", surface="string", request_time="int64")
        | class_state
        | specs(candidates="bool", count="int32"),
        specs(scores="float32", positions="int32"),
    )


def test_a_model_of_a_flat_table_has_one() -> None:
    column = pb.Input(
        name="age", source=pb.SOURCE_COLUMN, data_type=pb.DATA_TYPE_INT64, encoding=pb.ENCODING_VOCABULARY
    )
    assert expected_signatures(pb.Manifest(inputs=[column])) == {
        "serving_default": Signature(specs(age="int64"), specs(score="float32"))
    }


def test_more_signatures_than_are_called_are_fine() -> None:
    wanted = expected_signatures(manifest(1, 1.0))
    check_signatures(manifest(1, 1.0), {**wanted, "classify": Signature(specs(inputs="string"), {})})


def test_every_difference_is_named() -> None:
    found = dict(expected_signatures(manifest(1, 1.0)))
    del found["encode_classes"]
    rank = found["rank"]
    inputs = {**rank.inputs, **specs(liking="float64", mood="string")}
    del inputs["surface"]
    found["rank"] = Signature(inputs, rank.outputs)
    with pytest.raises(Refused) as refused:
        check_signatures(manifest(1, 1.0), found)
    assert refused.value.reason is RefusalReason.SIGNATURE_MISMATCH
    assert str(refused.value) == (
        "there is no signature encode_classes; "
        "input of rank 'liking' is float64, expected float32; "
        "input of rank 'mood' is string, expected none; "
        "input of rank 'surface' is missing, expected string"
    )
