"""The port for admins over a real channel, and what the port for everybody says to admins."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import pytest
import trustme
from google.protobuf.message_factory import GetMessageClass

from contract.labels import LabelAction, LabelEvent, Note
from paceline.v1 import model_admin_service_pb2 as pb
from paceline.v1.model_admin_service_pb2_grpc import ModelAdminServiceStub
from paceline.v1.model_service_pb2 import GetModelStatusRequest
from paceline.v1.model_service_pb2_grpc import ModelServiceStub
from server.domain.errors import LabelConfigured, NothingBefore, NotLoaded, NotWritable, PacelineError
from server.domain.models import Every, ModelConfig
from server.domain.versions import VersionRecord, VersionState
from server.rpc.channel import Tls
from server.rpc.tfserving.model_configs import format_model_configs
from server.rpc.tfserving.stubs import model_management_pb2
from server.rpc.tfserving.stubs import model_service_pb2_grpc as tf_models
from tests.support.admin import FakeAdmin, FakeStates
from tests.support.channels import Served, invalid_fields, reason, serving, serving_admins
from tests.support.fakes import FakeModels, snapshot

NOTE = pb.Note(actor="ada", reason="it is better")
WRITTEN = Note("ada", "it is better")
CONFIGS = [ModelConfig("half", "/models/half", Every(), {"canary": 4}), ModelConfig("ranking", "models/ranking")]
METHODS = list(pb.DESCRIPTOR.services_by_name["ModelAdminService"].methods)
EVERYBODY = FakeModels(snapshot(["a"]), [0.5])


@pytest.fixture
def admin() -> FakeAdmin:
    return FakeAdmin()


@pytest.fixture
async def served(admin: FakeAdmin) -> AsyncIterator[Served]:
    states = FakeStates(records=[VersionRecord("ranking", 3, VersionState.AVAILABLE, 1.0)], configs=CONFIGS)
    async with serving_admins(admin, states=states) as server:
        yield server


async def call(server: Served, method: str, request: Any, **options: Any) -> Any:
    """Calls a method of ModelAdminService."""
    async with grpc.aio.insecure_channel(server.address) as channel:
        return await getattr(ModelAdminServiceStub(channel), method)(request, **options)


async def failure(server: Served, method: str, request: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(server, method, request)
    return failed.value


@pytest.mark.parametrize(
    ("method", "request_", "event"),
    [
        (
            "PromoteVersion",
            pb.PromoteVersionRequest(model_name="ranking", version=3, label="canary", note=NOTE),
            LabelEvent(LabelAction.PROMOTE, 43_200.5, WRITTEN, "canary", 3, 2),
        ),
        (
            "RollBackLabel",
            pb.RollBackLabelRequest(model_name="ranking", note=NOTE),
            LabelEvent(LabelAction.ROLL_BACK, 43_200.5, WRITTEN, "stable", 1, 2),
        ),
        (
            "PinLabel",
            pb.PinLabelRequest(model_name="ranking", label="canary", note=NOTE),
            LabelEvent(LabelAction.PIN, 43_200.5, WRITTEN, "canary", 2, 2),
        ),
        (
            "UnpinLabel",
            pb.UnpinLabelRequest(model_name="ranking", note=NOTE),
            LabelEvent(LabelAction.UNPIN, 43_200.5, WRITTEN, "stable", None, 2),
        ),
        (
            "SplitTraffic",
            pb.SplitTrafficRequest(model_name="ranking", weights={"stable": 90, "canary": 10}, note=NOTE),
            LabelEvent(LabelAction.SPLIT, 43_200.5, WRITTEN, weights={"stable": 90, "canary": 10}),
        ),
        (
            "ShadowLabel",
            pb.ShadowLabelRequest(model_name="ranking", label="next", share=0.5, note=NOTE),
            LabelEvent(LabelAction.SHADOW, 43_200.5, WRITTEN, "next", share=0.5),
        ),
    ],
)
async def test_what_is_done_to_a_label_is_written_told_and_listed(
    served: Served, admin: FakeAdmin, method: str, request_: Any, event: LabelEvent
) -> None:
    response = await call(served, method, request_)
    assert admin.events == [event]
    listed = await call(served, "ListLabelEvents", pb.ListLabelEventsRequest(model_name="ranking"))
    assert list(listed.events) == [response.event]
    assert response.event.action == pb.LabelAction.Value(f"LABEL_ACTION_{event.action.name}")


async def test_a_version_that_is_not_loaded_is_promoted_only_when_told(served: Served, admin: FakeAdmin) -> None:
    for allow in (False, True):
        request = pb.PromoteVersionRequest(model_name="ranking", version=3, note=NOTE, allow_unloaded=allow)
        await call(served, "PromoteVersion", request)
    assert (len(admin.events), admin.allowed_unloaded) == (2, [3])


async def test_the_models_are_told_as_a_text_that_can_be_sent_back(served: Served, admin: FakeAdmin) -> None:
    text = (await call(served, "GetModelConfig", pb.GetModelConfigRequest())).config_text
    for validate_only in (True, False):
        request = pb.ReloadModelConfigRequest(config_text=text, validate_only=validate_only)
        response = await call(served, "ReloadModelConfig", request)
        assert [(change.model_name, change.kind) for change in response.changes] == [
            ("half", pb.CHANGE_KIND_ADDED),
            ("ranking", pb.CHANGE_KIND_ADDED),
        ]
    assert admin.reloaded == [(CONFIGS, True), (CONFIGS, False)]


async def test_invalid_fields_are_listed_and_nothing_is_done(served: Served, admin: FakeAdmin) -> None:
    error = await failure(served, "PromoteVersion", pb.PromoteVersionRequest(model_name="ranking"))
    assert (error.code(), reason(error)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert set(invalid_fields(error)) == {"version", "note.actor"}
    error = await failure(served, "ReloadModelConfig", pb.ReloadModelConfigRequest(config_text="model"))
    assert invalid_fields(error)["config_text"].startswith("line 1, column 1: ")
    assert (admin.events, admin.reloaded) == ([], [])


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (NotLoaded("no"), "VERSION_NOT_LOADED"),
        (NothingBefore("no"), "NOTHING_BEFORE"),
        (LabelConfigured("no"), "LABEL_CONFIGURED"),
        (NotWritable("no"), "HISTORY_NOT_WRITABLE"),
    ],
)
async def test_a_conflict_is_a_failed_precondition(
    served: Served, admin: FakeAdmin, fault: PacelineError, expected: str
) -> None:
    admin.failure = fault
    error = await failure(served, "RollBackLabel", pb.RollBackLabelRequest(model_name="ranking", note=NOTE))
    assert (error.code(), reason(error)) == (grpc.StatusCode.FAILED_PRECONDITION, expected)


async def test_a_model_that_is_not_there_is_not_found(served: Served) -> None:
    error = await failure(served, "ListLabelEvents", pb.ListLabelEventsRequest(model_name="other"))
    assert (error.code(), reason(error)) == (grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND")


async def test_the_states_are_told_to_admins_too(served: Served) -> None:
    async with grpc.aio.insecure_channel(served.address) as channel:
        response = await ModelServiceStub(channel).GetModelStatus(GetModelStatusRequest())
    assert [version.model_version.version for version in response.versions] == [3]
    assert served.observed == [("GetModelStatus", "OK")]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_the_port_for_everybody_says_where_to_ask(method: Any) -> None:
    async with serving(EVERYBODY) as server:
        error = await failure(server, method.name, GetMessageClass(method.input_type)())
    assert (error.code(), reason(error)) == (grpc.StatusCode.PERMISSION_DENIED, "ADMIN_ONLY")
    assert error.details() == "ModelAdminService is answered on the admin address only: ask there"
    assert server.observed == [(method.name, "PERMISSION_DENIED")]


async def test_reloading_as_tensorflow_serving_does_is_for_admins_too(served: Served, admin: FakeAdmin) -> None:
    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.config.add(name="half", base_path="/models/half")
    async with serving(EVERYBODY) as everybody, grpc.aio.insecure_channel(everybody.address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await tf_models.ModelServiceStub(channel).HandleReloadConfigRequest(request)
    assert (refused.value.code(), reason(refused.value)) == (grpc.StatusCode.PERMISSION_DENIED, "ADMIN_ONLY")
    async with grpc.aio.insecure_channel(served.address) as channel:
        response = await tf_models.ModelServiceStub(channel).HandleReloadConfigRequest(request)
    assert response == model_management_pb2.ReloadConfigResponse(status={})
    assert admin.reloaded == [([ModelConfig("half", "/models/half")], False)]


async def test_the_common_name_of_a_certificate_is_written_beside_the_actor(admin: FakeAdmin) -> None:
    authority = trustme.CA()
    ours = authority.issue_cert("localhost")
    theirs = authority.issue_cert("backend", common_name="deployer")
    ca = authority.cert_pem.bytes()
    keys = Tls(ours.private_key_pem.bytes(), ours.cert_chain_pems[0].bytes())
    shown = (theirs.private_key_pem.bytes(), theirs.cert_chain_pems[0].bytes())
    request = pb.PinLabelRequest(model_name="ranking", note=NOTE)
    for tls, credentials in [
        (keys, grpc.ssl_channel_credentials(ca)),
        (replace(keys, client_authorities=ca), grpc.ssl_channel_credentials(ca, *shown)),
    ]:
        async with (
            serving_admins(admin, tls=tls) as server,
            grpc.aio.secure_channel(server.address, credentials) as channel,
        ):
            await ModelAdminServiceStub(channel).PinLabel(request)
    assert [event.note.actor for event in admin.events] == ["ada", "ada (deployer)"]


async def test_the_text_of_no_models_can_be_sent_back(served: Served, admin: FakeAdmin) -> None:
    request = pb.ReloadModelConfigRequest(config_text=format_model_configs([]))
    assert not (await call(served, "ReloadModelConfig", request)).changes
    assert admin.reloaded == [([], False)]
