"""TensorFlow Serving's services over a real channel, and fakes behind them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import numpy as np
import pytest

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import ModelFailed, NoModel, NotLoaded, PacelineError, RunnerLost
from server.domain.labels import LabelStatus
from server.domain.models import ModelConfig
from server.domain.signatures import CLASSIFY, PREDICT, REGRESS, Signature, Tensors, TensorSpec
from server.domain.versions import RefusalReason, VersionRecord, VersionState
from server.rpc.tfserving.servicers import MANY_TEXTS, AdminModelServicer, PredictionServicer
from server.rpc.tfserving.stubs import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    input_pb2,
    model_management_pb2,
    model_pb2,
    model_service_pb2,
    predict_pb2,
    prediction_service_pb2,
    regression_pb2,
)
from server.rpc.tfserving.tensors import encode
from tests.support.admin import FakeAdmin, FakeStates
from tests.support.channels import Served, invalid_fields, reason, serving, serving_admins
from tests.support.fakes import FakeModels
from tests.support.servables import EXAMPLES, SIGNATURES, FakeServables
from tests.support.servables import answer as answer_well
from tests.support.tfserving import call

INVALID, NOT_FOUND = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION

STATES = FakeStates(
    records=[
        VersionRecord("half", 4, VersionState.AVAILABLE, 1.0),
        VersionRecord("half", 3, VersionState.END, 1.0, RefusalReason.FILE_CHANGED, "x has 2 bytes"),
    ],
    labels=[LabelStatus("half", "stable", 4, None)],
)
SCORES = {"scores": TensorSpec("float32")}
ODD = {
    "no_scores": Signature(EXAMPLES, {"y": TensorSpec("float32")}),
    "of_tensors": Signature({"x": TensorSpec("float32")}, SCORES),
    "flat": Signature(EXAMPLES, SCORES),
}


def answer(signature: str, tensors: Tensors) -> Tensors:
    return {"scores": np.zeros(2, dtype=np.float32)} if signature == "flat" else answer_well(signature, tensors)


@pytest.fixture
def servables() -> FakeServables:
    return FakeServables({**SIGNATURES, **ODD}, answer)


@pytest.fixture
async def served(servables: FakeServables) -> AsyncIterator[Served]:
    async with serving(FakeModels(None), servables=servables, states=STATES) as server:
        yield server


def spec(name: str = "half", signature: str = "", **choice: Any) -> model_pb2.ModelSpec:
    return model_pb2.ModelSpec(name=name, signature_name=signature, **choice)


def predict(model_spec: model_pb2.ModelSpec | None, *outputs: str, **inputs: Any) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest(model_spec=model_spec, output_filter=outputs)
    for name, values in (inputs or {"x": [[1, 2]]}).items():
        request.inputs[name].CopyFrom(encode(np.array(values, np.float32), "float32"))
    return request


def examples(count: int = 2) -> input_pb2.Input:
    message = input_pb2.Input(example_list={})
    for _ in range(count):
        message.example_list.examples.add().features.feature["x"].float_list.value.append(1)
    return message


def classify(model_spec: model_pb2.ModelSpec | None, count: int = 2) -> classification_pb2.ClassificationRequest:
    return classification_pb2.ClassificationRequest(model_spec=model_spec, input=examples(count))


def regress(model_spec: model_pb2.ModelSpec | None, count: int = 2) -> regression_pb2.RegressionRequest:
    return regression_pb2.RegressionRequest(model_spec=model_spec, input=examples(count))


def infer(*tasks: tuple[model_pb2.ModelSpec, str], count: int = 2) -> inference_pb2.MultiInferenceRequest:
    listed = [inference_pb2.InferenceTask(model_spec=model_spec, method_name=name) for model_spec, name in tasks]
    return inference_pb2.MultiInferenceRequest(tasks=listed, input=examples(count))


def metadata(
    model_spec: model_pb2.ModelSpec | None, *fields: str
) -> get_model_metadata_pb2.GetModelMetadataRequest:
    return get_model_metadata_pb2.GetModelMetadataRequest(model_spec=model_spec, metadata_field=fields)


def status(model_spec: model_pb2.ModelSpec | None) -> get_model_status_pb2.GetModelStatusRequest:
    return get_model_status_pb2.GetModelStatusRequest(model_spec=model_spec)


async def failure(server: Served, method: str, request: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(server, method, request)
    return failed.value


TO_CLASSIFY, TO_REGRESS = (spec(signature="classify"), CLASSIFY), (spec(signature="regress"), REGRESS)
IN_SPEC = "model_spec.signature_name"

FAULTS = [
    # See predict_util.cc, server_core.cc and basic_manager.cc of TensorFlow Serving.
    ("Predict", predict(None), INVALID, "model_spec.name"),
    ("Predict", predict(spec("")), INVALID, "model_spec.name"),
    ("Predict", predict(spec("other")), NOT_FOUND, ""),
    ("Predict", predict(spec(version={"value": 9})), NOT_FOUND, ""),
    ("Predict", predict(spec(version_label="old")), INVALID, "model_spec.version_label"),
    ("Predict", predict(spec(signature="other")), PRECONDITION, ""),
    ("Predict", predict(spec(), factor=1), INVALID, "inputs['x']"),
    ("Predict", predict(spec(), x=[[1, 2]], z=1), INVALID, "inputs['z']"),
    ("Predict", predict(spec(), x=[[1, 2, 3]]), INVALID, "inputs['x']"),
    ("Predict", predict(spec(), x=[1, 2]), INVALID, "inputs['x']"),
    ("Predict", predict(spec(), "y", "other"), INVALID, "output_filter[1]"),
    ("Predict", predict(spec(), "y", "y"), INVALID, "output_filter[1]"),
    # classifier.cc
    ("Classify", classify(None), INVALID, "model_spec.name"),
    ("Classify", classify(spec("other")), NOT_FOUND, ""),
    ("Classify", classify(spec(signature="other")), INVALID, IN_SPEC),
    ("Classify", classify(spec(signature="regress")), INVALID, IN_SPEC),
    ("Classify", classify(spec(signature="of_tensors")), INVALID, IN_SPEC),
    ("Classify", classify(spec(signature="no_scores")), PRECONDITION, ""),
    ("Classify", classify(spec(signature="flat")), INVALID, ""),
    ("Classify", classify(spec(signature="classify"), 0), INVALID, "input"),
    # regressor.cc
    ("Regress", regress(None), INVALID, "model_spec.name"),
    ("Regress", regress(spec(version={"value": 9}, signature="regress")), NOT_FOUND, ""),
    ("Regress", regress(spec(signature="other")), INVALID, IN_SPEC),
    ("Regress", regress(spec(signature="classify")), INVALID, IN_SPEC),
    ("Regress", regress(spec(signature="no_scores")), PRECONDITION, ""),
    ("Regress", regress(spec(signature="regress"), 0), INVALID, "input"),
    # multi_inference.cc
    ("MultiInference", infer(), INVALID, "tasks"),
    ("MultiInference", infer((spec(""), CLASSIFY)), INVALID, "tasks[0].model_spec.name"),
    ("MultiInference", infer((spec("other"), CLASSIFY)), NOT_FOUND, ""),
    ("MultiInference", infer(TO_REGRESS, (spec("other"), CLASSIFY)), INVALID, "tasks[1].model_spec"),
    ("MultiInference", infer(TO_REGRESS, TO_REGRESS), INVALID, f"tasks[1].{IN_SPEC}"),
    ("MultiInference", infer((spec(signature="other"), CLASSIFY)), INVALID, f"tasks[0].{IN_SPEC}"),
    ("MultiInference", infer((spec(signature="regress"), CLASSIFY)), INVALID, f"tasks[0].{IN_SPEC}"),
    ("MultiInference", infer((spec(), PREDICT)), grpc.StatusCode.UNIMPLEMENTED, ""),
    ("MultiInference", infer(TO_REGRESS, count=0), INVALID, "input"),
    # get_model_metadata_impl.cc
    ("GetModelMetadata", metadata(None, "signature_def"), INVALID, "model_spec.name"),
    ("GetModelMetadata", metadata(spec()), INVALID, "metadata_field"),
    ("GetModelMetadata", metadata(spec(), "assets"), INVALID, "metadata_field[0]"),
    ("GetModelMetadata", metadata(spec("other"), "signature_def"), NOT_FOUND, ""),
    # get_model_status_impl.cc
    ("GetModelStatus", status(None), INVALID, "model_spec.name"),
    ("GetModelStatus", status(spec("other")), NOT_FOUND, ""),
    ("GetModelStatus", status(spec(version={"value": 9})), NOT_FOUND, ""),
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_has_the_code_that_tensorflow_serving_gives_it(
    served: Served, servables: FakeServables, fault: tuple[str, Any, grpc.StatusCode, str]
) -> None:
    method, request_, code, field = fault
    error = await failure(served, method, request_)
    assert error.code() == code
    assert set(invalid_fields(error) if reason(error) == "INVALID_FIELD" else ()) == ({field} - {""})
    assert servables.leases == 0
    assert served.observed == [(method, code.name)]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ModelFailed("indices are out of range", 11), grpc.StatusCode.OUT_OF_RANGE),
        (ModelFailed("it fails", 77), grpc.StatusCode.INTERNAL),
        (RunnerLost("the runner ended"), grpc.StatusCode.UNAVAILABLE),
        (NoModel("the version is loaded anew"), grpc.StatusCode.UNAVAILABLE),
    ],
)
async def test_a_failure_of_the_model_has_tensorflow_s_code(fault: PacelineError, code: grpc.StatusCode) -> None:
    def fail(_signature: str, _tensors: Tensors) -> Tensors:
        raise fault

    servables = FakeServables(answer=fail)
    async with serving(FakeModels(None), servables=servables) as server:
        error = await failure(server, "Predict", predict(spec()))
    assert (error.code(), error.details(), servables.leases) == (code, str(fault), 0)


async def test_a_tensor_that_is_none_is_named_before_anything_is_run(
    served: Served, servables: FakeServables
) -> None:
    request = predict(spec())
    request.inputs["x"].tensor_shape.dim[0].size = -1
    error = await failure(served, "Predict", request)
    assert invalid_fields(error) == {"inputs['x']": "has a shape [-1, 2], expected one that is fully known"}
    assert servables.runs == []


async def test_predicting_answers_with_tensors_and_what_they_came_from(served: Served) -> None:
    request = predict(spec(version_label="canary"), "y", x=[[1, 2], [3, 4]], factor=3)
    response = await call(served, "Predict", request)
    assert list(response.outputs) == ["y"]
    assert list(response.outputs["y"].float_val) == [3, 6, 9, 12]
    assert response.model_spec == spec(version={"value": 4}, signature="serving_default")


async def test_classifying_and_regressing_answer_for_each_example(served: Served) -> None:
    classes = await call(served, "Classify", classify(spec(signature="classify", version={"value": 3})))
    values = await call(served, "Regress", regress(spec(signature="regress")))
    both = await call(served, "MultiInference", infer(TO_REGRESS, TO_CLASSIFY))
    assert [[found.label for found in row.classes] for row in classes.result.classifications] == [
        ["no", "yes"]
    ] * 2
    assert len(values.result.regressions) == 2
    assert classes.model_spec == spec(version={"value": 3}, signature="classify")
    assert values.model_spec == spec(version={"value": 4}, signature="regress")
    assert both.results[0].regression_result == values.result
    assert both.results[1].classification_result == classes.result


async def test_metadata_list_the_signatures(served: Served) -> None:
    response = await call(served, "GetModelMetadata", metadata(spec(), "signature_def"))
    found = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(found)
    assert set(found.signature_def) == {*SIGNATURES, *ODD}
    assert response.model_spec == spec(version={"value": 4})


async def test_metadata_tell_what_a_model_reads(served: Served) -> None:
    response = await call(served, "GetModelMetadata", metadata(spec(), "manifest"))
    found = Manifest()
    assert response.metadata["manifest"].Unpack(found)
    assert found == Manifest(model_name="half", version=4)


@pytest.mark.parametrize(("choice", "versions"), [({}, [4, 3]), ({"version": {"value": 3}}, [3])])
async def test_the_states_of_versions_are_told(served: Served, choice: Any, versions: list[int]) -> None:
    response = await call(served, "GetModelStatus", status(spec(**choice)))
    assert [found.version for found in response.model_version_status] == versions
    assert response.model_version_status[-1].status.error_message == "x has 2 bytes"


async def test_a_large_tensor_is_answered(served: Served) -> None:
    """More than gRPC's own limit of 4 MiB."""
    request = predict(spec(), "count", x=np.zeros((10**6, 2), dtype=np.float32))
    assert request.ByteSize() > 7 * 2**20
    assert list((await call(served, "Predict", request)).outputs["count"].int64_val) == [10**6]


@pytest.mark.parametrize(("count", "is_done"), [(MANY_TEXTS - 1, True), (MANY_TEXTS, False)])
async def test_many_texts_are_read_while_other_calls_go_on(count: int, is_done: bool) -> None:
    servables = FakeServables({PREDICT: Signature({"x": TensorSpec("string", (None,))}, {})}, lambda *_: {})
    request = predict_pb2.PredictRequest(model_spec=spec(signature=PREDICT))
    request.inputs["x"].CopyFrom(encode(np.full(count, b"a", dtype=object), "string"))
    reading = asyncio.ensure_future(PredictionServicer(servables).Predict(request, None))
    await asyncio.sleep(0)
    assert reading.done() == is_done
    await reading
    ((_, tensors, _),) = servables.runs
    assert tensors["x"].tolist() == [b"a"] * count


@pytest.mark.parametrize(("count", "is_done"), [(MANY_TEXTS - 1, True), (MANY_TEXTS, False)])
async def test_so_are_many_examples(servables: FakeServables, count: int, is_done: bool) -> None:
    reading = asyncio.ensure_future(
        PredictionServicer(servables).Regress(regress(spec(signature="regress"), count), None)
    )
    await asyncio.sleep(0)
    assert reading.done() == is_done
    assert len((await reading).result.regressions) == count


async def test_what_comes_while_the_server_shuts_down_is_told_so(served: Served) -> None:
    closing = asyncio.create_task(served.server.gate.close())
    await asyncio.sleep(0)
    error = await failure(served, "Predict", predict(spec()))
    await closing
    assert (error.code(), reason(error)) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")


def configs(*models: Any) -> model_management_pb2.ReloadConfigRequest:
    return model_management_pb2.ReloadConfigRequest(config={"model_config_list": {"config": models}})


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (model_management_pb2.ReloadConfigRequest(), "config.model_config_list"),
        (
            model_management_pb2.ReloadConfigRequest(config={"custom_model_config": {}}),
            "config.model_config_list",
        ),
        (configs({"base_path": "/a"}), "config.model_config_list.config[0].name"),
        (
            configs({"name": "a", "base_path": "/a"}, {"name": "a", "base_path": "/b"}),
            "config.model_config_list.config[1].name",
        ),
    ],
)
async def test_a_config_that_can_not_be_served_is_named(request_: Any, field: str) -> None:
    admin = FakeAdmin()
    async with serving_admins(admin) as server:
        error = await failure(server, "HandleReloadConfigRequest", request_)
    assert (error.code(), set(invalid_fields(error)), admin.reloaded) == (INVALID, {field}, [])


async def test_reloading_ends_ok_or_with_an_error_of_the_call() -> None:
    """See model_service_impl.cc: the status is in the body and is that of the call, whose error leaves no body."""
    admin, request = FakeAdmin(), configs({"name": "a", "base_path": "/a"})
    async with serving_admins(admin) as server:
        response = await call(server, "HandleReloadConfigRequest", request)
        assert (response.HasField("status"), response.status.error_code) == (True, 0)
        admin.failure = NotLoaded("the label 'stable' of 'a' is on version 7, which is not loaded")
        error = await failure(server, "HandleReloadConfigRequest", request)
    assert (error.code(), reason(error)) == (PRECONDITION, "VERSION_NOT_LOADED")
    assert admin.reloaded == [([ModelConfig("a", "/a")], False)]


@pytest.mark.parametrize(
    ("service", "servicer"),
    [
        (prediction_service_pb2.DESCRIPTOR.services_by_name["PredictionService"], PredictionServicer),
        (model_service_pb2.DESCRIPTOR.services_by_name["ModelService"], AdminModelServicer),
    ],
)
def test_every_method_of_the_services_is_there(service: Any, servicer: type) -> None:
    assert {method.name for method in service.methods} <= set(dir(servicer))
