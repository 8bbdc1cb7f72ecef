"""A client with TensorFlow, a SavedModel in a runner, and our services between them."""

from collections.abc import AsyncIterator, Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
import numpy as np
import pytest
import pytest_asyncio
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import ModelFailed
from server.domain.models import ModelSpec
from server.domain.signatures import Signatures, Tensors
from server.models.client import RunnerProcess
from server.models.ports import CallFailed
from tests.support.channels import serving
from tests.support.fakes import FakeModels
from tests.support.traced import traced

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

EXAMPLES = tf.TensorSpec([None], tf.string)
ECHOED = (
    *("float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"),
    *("uint64", "bool", "complex64", "complex128", "string", "qint8", "quint8", "qint32"),
)


class Model(tf.Module):
    """Gives each dtype back, and adds, classifies and regresses."""

    @traced(tf.TensorSpec([None, 2]), tf.TensorSpec([], name="by"))
    def add(self, x: tf.Tensor, by: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"sum": x + by, "rows": tf.shape(x)[0]}

    @traced(EXAMPLES)
    def classify(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        scores = _read(inputs)
        labels = tf.tile([["a", "b"]], [tf.size(scores), 1])
        return {"classes": labels, "scores": tf.stack([scores, 1 - scores], axis=1)}

    @traced(EXAMPLES)
    def regress(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"outputs": _read(inputs)}


def _read(examples: tf.Tensor) -> tf.Tensor:
    return tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]


def _echo(dtype: str) -> Any:
    echo = tf.function(lambda x: {"y": tf.identity(x)})
    return echo.get_concrete_function(tf.TensorSpec(None, tf.as_dtype(dtype), name="x"))


class RunnerServables:
    """One version in a runner; a fake of what leases it."""

    version = 7
    manifest = Manifest(model_name="half", version=version)

    def __init__(self, runner: RunnerProcess, signatures: Signatures) -> None:
        self._runner = runner
        self.signatures = signatures

    def lease(self, spec: ModelSpec) -> Self:
        assert spec.name == "half"
        return self

    async def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        try:
            return await self._runner.run(signature, tensors, outputs)
        except CallFailed as error:
            raise ModelFailed(str(error), error.code) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a SavedModel."""
    path = tmp_path_factory.mktemp("model") / "7"
    model = Model()
    model.echoes = {dtype: _echo(dtype) for dtype in ECHOED}
    signatures = {"serving_default": model.add, "classify": model.classify, "regress": model.regress}
    echoes = {f"echo_{dtype}": echo for dtype, echo in model.echoes.items()}
    tf.saved_model.save(model, str(path), signatures={**signatures, **echoes})
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(folder: Path) -> AsyncIterator[PredictionServiceStub]:
    runner = await RunnerProcess.start(lambda: None)
    servables = RunnerServables(runner, await runner.load(folder))
    async with (
        serving(FakeModels(None), servables=servables) as server,
        grpc.aio.insecure_channel(server.address) as channel,
    ):
        yield PredictionServiceStub(channel)
    await runner.close()


def asking(signature: str = "", **inputs: Any) -> predict_pb2.PredictRequest:
    """Returns a request with tensors as TensorFlow makes them."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "half", signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def read(request: Any, *values: float) -> Any:
    """Returns a request with an example for each value."""
    for value in values:
        feature = request.input.example_list.examples.add().features.feature["x"]
        feature.float_list.value.append(value)
    return request


async def test_a_client_with_tensorflow_is_answered(stub: PredictionServiceStub) -> None:
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    response = await stub.Predict(asking(x=x, by=np.float32(0.5)))
    np.testing.assert_array_equal(tf.make_ndarray(response.outputs["sum"]), x + 0.5)
    assert tf.make_ndarray(response.outputs["rows"]).tolist() == 3
    assert response.model_spec.signature_name == "serving_default"
    assert response.model_spec.version.value == 7


@pytest.mark.parametrize("dtype", ECHOED)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 1)])
async def test_every_dtype_goes_through_the_model_and_comes_back(
    stub: PredictionServiceStub, dtype: str, shape: tuple[int, ...]
) -> None:
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    sent = tf.as_dtype(dtype)
    stored = np.vectorize(lambda value: b"%d" % value, otypes=[object])(values) if dtype == "string" else values
    request = asking(f"echo_{dtype}")
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(stored, dtype=sent, shape=shape))
    message = (await stub.Predict(request)).outputs["y"]
    found = tf.make_ndarray(message)
    assert (message.dtype, found.shape) == (sent.as_datatype_enum, shape)
    assert found.tolist() == tf.make_ndarray(request.inputs["x"]).tolist()


async def test_a_client_without_tensorflow_reads_the_typed_fields(stub: PredictionServiceStub) -> None:
    response = await stub.Predict(asking(x=np.array([[1, 2]], np.float32), by=np.float32(1)))
    assert list(response.outputs["sum"].float_val) == [2, 3]
    assert list(response.outputs["rows"].int_val) == [1]


async def test_only_the_outputs_that_are_named_come_back(stub: PredictionServiceStub) -> None:
    request = asking(x=np.array([[1, 2]], np.float32), by=np.float32(1))
    request.output_filter.append("rows")
    assert list((await stub.Predict(request)).outputs) == ["rows"]


async def test_examples_are_classified_and_regressed(stub: PredictionServiceStub) -> None:
    to_classify, to_regress = classification_pb2.ClassificationRequest(), regression_pb2.RegressionRequest()
    to_infer = inference_pb2.MultiInferenceRequest()
    for request, signature in [(to_classify, "classify"), (to_regress, "regress")]:
        request.model_spec.name, request.model_spec.signature_name = "half", signature
    to_infer.tasks.add(model_spec=to_regress.model_spec, method_name="tensorflow/serving/regress")
    to_infer.tasks.add(model_spec=to_classify.model_spec, method_name="tensorflow/serving/classify")
    classified = (await stub.Classify(read(to_classify, 0.25, 1))).result
    regressed = (await stub.Regress(read(to_regress, 0.25, 1))).result
    inferred = (await stub.MultiInference(read(to_infer, 0.25, 1))).results
    assert [[(found.label, found.score) for found in row.classes] for row in classified.classifications] == [
        [("a", 0.25), ("b", 0.75)],
        [("a", 1), ("b", 0)],
    ]
    assert [regression.value for regression in regressed.regressions] == [0.25, 1]
    assert inferred[0].regression_result == regressed
    assert inferred[1].classification_result == classified


async def test_the_context_of_examples_is_read_with_each(stub: PredictionServiceStub) -> None:
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "half", "regress"
    listed = request.input.example_list_with_context
    listed.context.features.feature["x"].float_list.value.append(3)
    listed.examples.add()
    listed.examples.add().features.feature["x"].float_list.value.append(4)
    response = await stub.Regress(request)
    assert [regression.value for regression in response.result.regressions] == [3, 4]


async def test_the_signatures_are_told_as_the_model_has_them(stub: PredictionServiceStub, folder: Path) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "half"
    response = await stub.GetModelMetadata(request)
    found = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(found)
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    expected = saved.meta_graphs[0].signature_def
    assert dict(found.signature_def) == {name: expected[name] for name in expected if not name.startswith("__")}


async def test_what_tensorflow_can_not_do_has_its_code(stub: PredictionServiceStub) -> None:
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "half", "regress"
    request.input.example_list.examples.add()
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await stub.Regress(request)
    assert failed.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "Feature: x (data type: float) is required" in (failed.value.details() or "")


async def test_a_tensor_of_another_dtype_is_named(stub: PredictionServiceStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await stub.Predict(asking(x=np.zeros((1, 2)), by=np.float32(1)))
    assert failed.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert failed.value.details() == "inputs['x']: is float64 [1, 2], expected float32 [?, 2]"
