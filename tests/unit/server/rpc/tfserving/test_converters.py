"""TensorFlow Serving's messages become what is asked, and answers become its messages."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.models import ModelSpec
from server.domain.signatures import CLASSIFY, REGRESS, Tensors, TensorSpec
from server.inference.examples import Inferred, Task
from server.inference.metadata import Metadata
from server.inference.methods import Classes, Values
from server.inference.predict import Prediction
from server.inference.types import Origin, Target
from server.rpc.tfserving import converters
from server.rpc.tfserving.stubs import (
    SignatureDef,
    get_model_metadata_pb2,
    inference_pb2,
    input_pb2,
    model_pb2,
)
from server.rpc.tfserving.tensors import MAX_FILLED_BYTES, MAX_TEXTS
from tests.support.servables import SCALED, texts

ORIGIN = Origin("half", 4, "double")


def spec(**fields: object) -> model_pb2.ModelSpec:
    message = model_pb2.ModelSpec(name="half", **{key: value for key, value in fields.items() if key != "version"})
    if "version" in fields:
        message.version.value = fields["version"]
    return message


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (spec(), Target(ModelSpec("half"), "serving_default")),
        (spec(signature_name="double"), Target(ModelSpec("half"), "double")),
        (spec(version=3), Target(ModelSpec("half", version=3))),
        (spec(version=0), Target(ModelSpec("half", version=0))),
        (spec(version_label="canary"), Target(ModelSpec("half", label="canary"))),
        (spec(version_label=""), Target(ModelSpec("half", label=""))),
    ],
)
def test_a_spec_asks_for_a_version_or_a_label_or_neither(message: model_pb2.ModelSpec, expected: Target) -> None:
    assert converters.target(message) == expected


def test_a_spec_has_to_name_a_model() -> None:
    with pytest.raises(InvalidRequest) as error:
        converters.target(model_pb2.ModelSpec(signature_name="double"))
    assert str(error.value) == "model_spec.name: is empty, expected the name of a model"


def test_each_task_is_a_target_and_a_method() -> None:
    request = inference_pb2.MultiInferenceRequest()
    request.tasks.add(model_spec=spec(signature_name="a"), method_name=CLASSIFY)
    request.tasks.add(model_spec=spec(version=3), method_name=REGRESS)
    assert converters.tasks(request) == [
        Task(Target(ModelSpec("half"), "a"), CLASSIFY),
        Task(Target(ModelSpec("half", 3)), REGRESS),
    ]
    request.tasks.add()
    with pytest.raises(InvalidRequest, match=r"tasks\[2\].model_spec.name: is empty"):
        converters.tasks(request)


def example(**features: float) -> Any:
    message = input_pb2.ExampleList().examples.add()
    for name, value in features.items():
        message.features.feature[name].float_list.value.append(value)
    return message


def test_examples_are_serialised() -> None:
    message = input_pb2.Input(example_list=input_pb2.ExampleList(examples=[example(a=1), example(a=2)]))
    assert converters.examples(message) == [example(a=1).SerializeToString(), example(a=2).SerializeToString()]
    assert converters.examples(input_pb2.Input()) == []


def test_examples_have_the_features_of_the_context_and_their_own_go_before() -> None:
    listed = input_pb2.ExampleListWithContext(examples=[example(a=1), example(b=2)], context=example(a=7, c=8))
    found = converters.examples(input_pb2.Input(example_list_with_context=listed))
    read = [type(example()).FromString(content) for content in found]
    assert read == [example(a=1, c=8), example(a=7, b=2, c=8)]


def test_examples_are_limited_in_number() -> None:
    most = input_pb2.Input(example_list=input_pb2.ExampleList(examples=[example()] * MAX_TEXTS))
    assert len(converters.examples(most)) == MAX_TEXTS
    most.example_list.examples.add()
    with pytest.raises(InvalidRequest) as error:
        converters.examples(most)
    assert error.value.violations == (
        FieldViolation("input", f"has {MAX_TEXTS + 1} examples, expected {MAX_TEXTS} at most"),
    )


def test_a_small_message_of_examples_does_not_become_large() -> None:
    """The context goes in front of each."""
    context = example()
    context.features.feature["x"].bytes_list.value.append(b"x" * (MAX_FILLED_BYTES // 3))
    listed = input_pb2.ExampleListWithContext(examples=[example()] * 3, context=context)
    with pytest.raises(InvalidRequest) as error:
        converters.examples(input_pb2.Input(example_list_with_context=listed))
    (violation,) = error.value.violations
    assert violation.field == "input.example_list_with_context.context"
    assert violation.description == (
        f"has {context.ByteSize()} bytes for each of 3 examples, "
        f"expected {MAX_FILLED_BYTES} bytes for all of them at most"
    )


def test_a_prediction_has_typed_tensors_and_tells_what_answered() -> None:
    outputs: Tensors = {"y": np.array([[1, 2]], np.float32), "q": np.array([3], np.int8)}
    specs = {"y": TensorSpec("float32"), "q": TensorSpec("qint8"), "z": TensorSpec("float32")}
    response = converters.predict_response(Prediction(outputs, specs, ORIGIN))
    assert response.model_spec == spec(version=4, signature_name="double")
    assert set(response.outputs) == {"y", "q"}
    assert list(response.outputs["y"].float_val) == [1, 2]
    assert (response.outputs["q"].dtype, list(response.outputs["q"].int_val)) == (11, [3])


def test_classes_have_labels_and_scores() -> None:
    labels = texts(b"a", "é".encode(), b"\xff", b"").reshape(2, 2)
    classes = Classes(labels, np.array([[0.5, 1], [0, 0.25]], np.float32))
    response = converters.classification_response(Inferred(classes, ORIGIN))
    assert response.model_spec == spec(version=4, signature_name="double")
    assert [[(found.label, found.score) for found in row.classes] for row in response.result.classifications] == [
        [("a", 0.5), ("é", 1)],
        [("\ufffd", 0), ("", 0.25)],
    ]


def test_values_are_regressions() -> None:
    response = converters.regression_response(Inferred(Values(np.array([0.5, 2], np.float32)), ORIGIN))
    assert response.model_spec == spec(version=4, signature_name="double")
    assert [regression.value for regression in response.result.regressions] == [0.5, 2]


def test_each_task_has_a_result_of_its_kind() -> None:
    classes = Classes(texts(b"a").reshape(1, 1), np.array([[0.5]], np.float32))
    results: list[Inferred[Classes] | Inferred[Values]] = [
        Inferred(Values(np.array([2], np.float32)), ORIGIN),
        Inferred(classes, replace(ORIGIN, signature="b")),
    ]
    response = converters.multi_inference_response(results)
    assert [result.WhichOneof("result") for result in response.results] == [
        "regression_result",
        "classification_result",
    ]
    assert [result.model_spec.signature_name for result in response.results] == ["double", "b"]
    assert response.results[0].regression_result.regressions[0].value == 2
    assert response.results[1].classification_result.classifications[0].classes[0].label == "a"


def test_metadata_are_the_definitions_of_the_signatures() -> None:
    definition = SignatureDef(method_name="m")
    definition.inputs["x"].name = "x:0"
    signatures = {"double": replace(SCALED, definition=definition.SerializeToString())}
    response = converters.metadata_response(Metadata(signatures, None, Origin("half", 4)))
    assert response.model_spec == spec(version=4)
    found = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(found)
    assert dict(found.signature_def) == {"double": definition}
