"""A client as a team has it that uses TensorFlow Serving: its stubs, gRPC and TensorFlow, and nothing of ours."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from numpy.typing import NDArray
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    input_pb2,
    model_management_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

SECONDS = 30.0
"""The deadline of a call."""


class ServingClient:
    """Asks a server.

    Args:
        channel: To the server.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._prediction = PredictionServiceStub(channel)
        self._models = ModelServiceStub(channel)

    def predict(
        self, inputs: Mapping[str, Any], outputs: Sequence[str] = (), seconds: float = SECONDS, **spec: Any
    ) -> Any:
        """Sends values by name as the tensors that TensorFlow makes of them; see `model_spec`."""
        request = predict_pb2.PredictRequest(model_spec=model_spec(**spec), output_filter=outputs)
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        return self._prediction.Predict(request, timeout=seconds)

    def classify(self, given: input_pb2.Input, **spec: Any) -> Any:
        request = classification_pb2.ClassificationRequest(model_spec=model_spec(**spec), input=given)
        return self._prediction.Classify(request, timeout=SECONDS).result.classifications

    def regress(self, given: input_pb2.Input, **spec: Any) -> Any:
        request = regression_pb2.RegressionRequest(model_spec=model_spec(**spec), input=given)
        return [found.value for found in self._prediction.Regress(request, timeout=SECONDS).result.regressions]

    def infer(self, given: input_pb2.Input, *specs: model_pb2.ModelSpec) -> Any:
        """Classifies and regresses with the signatures "classify" and "regress" of the specs."""
        request = inference_pb2.MultiInferenceRequest(input=given)
        for spec in specs:
            request.tasks.add(model_spec=spec, method_name=f"tensorflow/serving/{spec.signature_name}")
        return self._prediction.MultiInference(request, timeout=SECONDS).results

    def signatures(self, **spec: Any) -> dict[str, Any]:
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=model_spec(**spec), metadata_field=["signature_def"]
        )
        found = get_model_metadata_pb2.SignatureDefMap()
        self._prediction.GetModelMetadata(request, timeout=SECONDS).metadata["signature_def"].Unpack(found)
        return dict(found.signature_def)

    def statuses(self, **spec: Any) -> dict[int, Any]:
        """Returns the status of each version by its number."""
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=model_spec(**spec))
        found = self._models.GetModelStatus(request, timeout=SECONDS).model_version_status
        return {status.version: status for status in found}

    def states(self, name: str) -> dict[int, str]:
        """Returns the name of the state of each version; of none while the server does not know the model."""
        return {version: state_name(status) for version, status in self.statuses(name=name).items()}

    def reload(self, config: str) -> None:
        """Has the server serve the models of a config in protobuf's text format."""
        parsed = text_format.Parse(config, ModelServerConfig())
        request = model_management_pb2.ReloadConfigRequest(config=parsed)
        response = self._models.HandleReloadConfigRequest(request, timeout=4 * SECONDS)
        assert response.status.error_code == 0


def model_spec(
    name: str, *, version: int | None = None, label: str | None = None, signature: str = ""
) -> model_pb2.ModelSpec:
    spec = model_pb2.ModelSpec(name=name, signature_name=signature)
    if version is not None:
        spec.version.value = version
    if label is not None:
        spec.version_label = label
    return spec


def examples(*values: float, context: float | None = None) -> input_pb2.Input:
    """Returns an example whose feature "x" has a value, for each; those that are NaN have none.

    Args:
        values: The values.
        context: The value of "x" in what the examples have in common, if they have anything.
    """
    made = [_example() if np.isnan(value) else _example(value) for value in values]
    if context is None:
        return input_pb2.Input(example_list=input_pb2.ExampleList(examples=made))
    common = input_pb2.ExampleListWithContext(examples=made, context=_example(context))
    return input_pb2.Input(example_list_with_context=common)


def array(response: Any, name: str = "y") -> NDArray[Any]:
    """Returns an output of a Predict as TensorFlow reads it."""
    found: NDArray[Any] = tf.make_ndarray(response.outputs[name])
    return found


def state_name(status: Any) -> str:
    name: str = get_model_status_pb2.ModelVersionStatus.State.Name(status.state)
    return name


def failure(call: Callable[[], Any]) -> grpc.StatusCode | None:
    """Returns the code that a call fails with, None if it does not."""
    try:
        call()
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return None


def _example(*values: float) -> tf.train.Example:
    floats = tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Example(features=tf.train.Features(feature={"x": floats} if values else {}))
