"""TensorFlow Serving's messages to what is asked of a model, and its answers to messages."""

from collections.abc import Sequence

from google.protobuf.message import Message

from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.models import ModelSpec
from server.domain.signatures import DEFAULT_SIGNATURE, Signatures
from server.inference.examples import Examples, Inferred, Task, in_context
from server.inference.metadata import MANIFEST, SIGNATURE_DEF, Metadata
from server.inference.methods import Classes, Values
from server.inference.predict import Prediction
from server.inference.types import Origin, Target
from server.rpc.tfserving.stubs import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    input_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)
from server.rpc.tfserving.tensors import MAX_FILLED_BYTES, MAX_TEXTS, encode


def model_spec(message: model_pb2.ModelSpec, field: str = "model_spec") -> ModelSpec:
    """Returns which model, and which of its versions, a message asks for.

    Raises:
        InvalidRequest: It names no model.
    """
    if not message.name:
        raise InvalidRequest([FieldViolation(f"{field}.name", "is empty, expected the name of a model")])
    match message.WhichOneof("version_choice"):
        case "version":
            return ModelSpec(message.name, version=message.version.value)
        case "version_label":
            return ModelSpec(message.name, label=message.version_label)
    return ModelSpec(message.name)


def target(message: model_pb2.ModelSpec, field: str = "model_spec") -> Target:
    """Returns which signature of a model a message asks for; see `model_spec` for what it raises."""
    return Target(model_spec(message, field), message.signature_name or DEFAULT_SIGNATURE)


def tasks(request: inference_pb2.MultiInferenceRequest) -> Sequence[Task]:
    """Returns the tasks of a request; see `model_spec` for what it raises."""
    return [
        Task(target(task.model_spec, f"tasks[{place}].model_spec"), task.method_name)
        for place, task in enumerate(request.tasks)
    ]


def count_examples(message: input_pb2.Input) -> int:
    """Returns how many examples an input has."""
    return len(_listed(message))


def examples(message: input_pb2.Input) -> Examples:
    """Returns the serialised examples of an input, each with the features of the context in front.

    Raises:
        InvalidRequest: They are too many, or the context is too large to be put in front of each.
    """
    context, count = message.example_list_with_context.context.SerializeToString(), count_examples(message)
    if count > MAX_TEXTS:
        raise InvalidRequest([FieldViolation("input", f"has {count} examples, expected {MAX_TEXTS} at most")])
    if len(context) * count > MAX_FILLED_BYTES:
        found = f"has {len(context)} bytes for each of {count} examples"
        violation = f"{found}, expected {MAX_FILLED_BYTES} bytes for all of them at most"
        raise InvalidRequest([FieldViolation("input.example_list_with_context.context", violation)])
    return in_context(context, [example.SerializeToString() for example in _listed(message)])


def _listed(message: input_pb2.Input) -> Sequence[Message]:
    found: Sequence[Message] = message.example_list_with_context.examples or message.example_list.examples
    return found


def predict_response(prediction: Prediction) -> predict_pb2.PredictResponse:
    """Returns the message of a prediction."""
    response = predict_pb2.PredictResponse(model_spec=_answered(prediction.origin))
    for name, array in prediction.outputs.items():
        response.outputs[name].CopyFrom(encode(array, prediction.specs[name].dtype))
    return response


def classification_response(inferred: Inferred[Classes]) -> classification_pb2.ClassificationResponse:
    """Returns the message of classes."""
    return classification_pb2.ClassificationResponse(
        model_spec=_answered(inferred.origin), result=_classification_result(inferred.result)
    )


def regression_response(inferred: Inferred[Values]) -> regression_pb2.RegressionResponse:
    """Returns the message of values."""
    return regression_pb2.RegressionResponse(
        model_spec=_answered(inferred.origin), result=_regression_result(inferred.result)
    )


def multi_inference_response(
    results: Sequence[Inferred[Classes] | Inferred[Values]],
) -> inference_pb2.MultiInferenceResponse:
    """Returns the message of the results of several tasks."""
    return inference_pb2.MultiInferenceResponse(results=[_inference_result(inferred) for inferred in results])


def metadata_response(metadata: Metadata) -> get_model_metadata_pb2.GetModelMetadataResponse:
    """Returns the message of what is told of a version."""
    response = get_model_metadata_pb2.GetModelMetadataResponse(model_spec=_answered(metadata.origin))
    if metadata.signatures is not None:
        response.metadata[SIGNATURE_DEF].Pack(_signature_map(metadata.signatures))
    if metadata.manifest is not None:
        response.metadata[MANIFEST].Pack(metadata.manifest)
    return response


def _signature_map(signatures: Signatures) -> get_model_metadata_pb2.SignatureDefMap:
    definitions = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in signatures.items():
        definitions.signature_def[name].MergeFromString(signature.definition)
    return definitions


def _answered(origin: Origin) -> model_pb2.ModelSpec:
    spec = model_pb2.ModelSpec(name=origin.model_name, signature_name=origin.signature)
    spec.version.value = origin.version
    return spec


def _inference_result(inferred: Inferred[Classes] | Inferred[Values]) -> inference_pb2.InferenceResult:
    spec = _answered(inferred.origin)
    if isinstance(inferred.result, Classes):
        return inference_pb2.InferenceResult(
            model_spec=spec, classification_result=_classification_result(inferred.result)
        )
    return inference_pb2.InferenceResult(model_spec=spec, regression_result=_regression_result(inferred.result))


def _regression_result(values: Values) -> regression_pb2.RegressionResult:
    return regression_pb2.RegressionResult(
        regressions=[regression_pb2.Regression(value=value) for value in values.values.tolist()]
    )


def _classification_result(classes: Classes) -> classification_pb2.ClassificationResult:
    result = classification_pb2.ClassificationResult()
    for labels, scores in zip(classes.labels.tolist(), classes.scores.tolist(), strict=True):
        row = result.classifications.add().classes
        for label, score in zip(labels, scores, strict=True):
            row.add(label=label.decode(errors="replace"), score=score)
    return result
