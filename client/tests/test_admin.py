"""The client for admins, over loopback."""

from collections.abc import Callable, Iterator

import grpc
import pytest
from google.protobuf.message import Message

from client.tests.admin_server import SERVICE, AdminServer
from paceline import (
    AdminClient,
    FailedPrecondition,
    NotFound,
    PacelineError,
    TlsOptions,
    Unavailable,
    open_channel,
)
from paceline.v1 import model_admin_service_pb2 as pb

EVENT = pb.LabelEvent(action=pb.LABEL_ACTION_PROMOTE, label="stable", version=4, previous_version=3)
NOTE = pb.Note(actor="ada", reason="why not")
Ask = Callable[[AdminClient], Message]

CALLS: list[tuple[Ask, Message, Message]] = [
    (
        lambda c: c.promote_version("ranking", 4, actor="ada", reason="why not"),
        pb.PromoteVersionRequest(model_name="ranking", version=4, label="stable", note=NOTE),
        pb.PromoteVersionResponse(event=EVENT),
    ),
    (
        lambda c: c.promote_version("ranking", 4, "canary", allow_unloaded=True, actor="ada"),
        pb.PromoteVersionRequest(
            model_name="ranking", version=4, label="canary", note=pb.Note(actor="ada"), allow_unloaded=True
        ),
        pb.PromoteVersionResponse(event=EVENT),
    ),
    (
        lambda c: c.roll_back_label("ranking", actor="ada", reason="why not"),
        pb.RollBackLabelRequest(model_name="ranking", label="stable", note=NOTE),
        pb.RollBackLabelResponse(event=EVENT),
    ),
    (
        lambda c: c.pin_label("ranking", "canary", actor="ada", reason="why not"),
        pb.PinLabelRequest(model_name="ranking", label="canary", note=NOTE),
        pb.PinLabelResponse(event=EVENT),
    ),
    (
        lambda c: c.unpin_label("ranking", actor="ada", reason="why not"),
        pb.UnpinLabelRequest(model_name="ranking", label="stable", note=NOTE),
        pb.UnpinLabelResponse(event=EVENT),
    ),
    (
        lambda c: c.split_traffic("ranking", {"stable": 90, "canary": 10}, actor="ada", reason="why not"),
        pb.SplitTrafficRequest(model_name="ranking", weights={"stable": 90, "canary": 10}, note=NOTE),
        pb.SplitTrafficResponse(event=EVENT),
    ),
    (
        lambda c: c.shadow_label("ranking", "next", 0.25, actor="ada", reason="why not"),
        pb.ShadowLabelRequest(model_name="ranking", label="next", share=0.25, note=NOTE),
        pb.ShadowLabelResponse(event=EVENT),
    ),
    (
        lambda c: c.list_label_events("ranking"),
        pb.ListLabelEventsRequest(model_name="ranking"),
        pb.ListLabelEventsResponse(events=[EVENT]),
    ),
    (
        lambda c: c.get_model_config(),
        pb.GetModelConfigRequest(),
        pb.GetModelConfigResponse(config_text="model_config_list {}"),
    ),
    (
        lambda c: c.reload_model_config("model_config_list {}", validate_only=True),
        pb.ReloadModelConfigRequest(config_text="model_config_list {}", validate_only=True),
        pb.ReloadModelConfigResponse(changes=[pb.ModelChange(model_name="ranking", kind=pb.CHANGE_KIND_REMOVED)]),
    ),
]
EVERY_CALL = pytest.mark.parametrize(
    ("ask", "request_", "response"), CALLS, ids=[type(request).__name__ for _, request, _ in CALLS]
)


@pytest.fixture
def server() -> Iterator[AdminServer]:
    with AdminServer() as server:
        yield server


@pytest.fixture
def client(server: AdminServer) -> Iterator[AdminClient]:
    with AdminClient(server.target) as client:
        yield client


def test_every_method_of_the_service_has_its_call() -> None:
    asked = {type(request).DESCRIPTOR.full_name for _, request, _ in CALLS}
    assert asked == {method.input_type.full_name for method in SERVICE.methods}


@EVERY_CALL
def test_a_call_asks_for_what_was_said_and_returns_the_answer(
    server: AdminServer, client: AdminClient, ask: Ask, request_: Message, response: Message
) -> None:
    server.answer = response
    assert ask(client) == response
    assert server.requests == [request_]


@EVERY_CALL
def test_a_call_that_fails_is_not_made_again(
    server: AdminServer, client: AdminClient, ask: Ask, request_: Message, response: Message
) -> None:
    server.answer, server.failure = response, grpc.StatusCode.UNAVAILABLE
    with pytest.raises(Unavailable, match="as told"):
        ask(client)
    assert server.requests == [request_]


@pytest.mark.parametrize(
    ("code", "error"),
    [(grpc.StatusCode.NOT_FOUND, NotFound), (grpc.StatusCode.FAILED_PRECONDITION, FailedPrecondition)],
)
def test_what_can_t_be_done_has_an_error_of_its_own(
    server: AdminServer, client: AdminClient, code: grpc.StatusCode, error: type[PacelineError]
) -> None:
    server.failure = code
    with pytest.raises(error) as raised:
        client.pin_label("ranking", actor="ada")
    assert isinstance(raised.value.__cause__, grpc.RpcError)


def test_a_call_has_the_clients_deadline_or_its_own_and_a_reload_a_long_one(server: AdminServer) -> None:
    with AdminClient(server.target, timeout=20.0) as client:
        client.get_model_config()
        client.get_model_config(timeout=40.0)
        client.reload_model_config("model_config_list {}")
    assert [round(timeout, -1) for timeout in server.timeouts] == [20.0, 40.0, 600.0]


def test_the_channel_is_opened_as_it_is_said(server: AdminServer) -> None:
    tls = TlsOptions(ca=b"pem")
    opened: list[tuple[str, TlsOptions | None]] = []

    def connect(target: str, tls: TlsOptions | None) -> grpc.Channel:
        opened.append((target, tls))
        return open_channel(server.target)

    with AdminClient("paceline.prod:8502", tls=tls, connect=connect) as client:
        client.get_model_config()
    assert opened == [("paceline.prod:8502", tls)]


def test_a_closed_client_asks_no_more(server: AdminServer) -> None:
    client = AdminClient(server.target)
    client.close()
    with pytest.raises(ValueError, match="closed channel"):
        client.get_model_config()


def test_an_argument_that_fits_no_request_is_refused(server: AdminServer, client: AdminClient) -> None:
    with pytest.raises(ValueError, match="out of range"):
        client.split_traffic("ranking", {"stable": 2**31}, actor="ada")
    assert not server.requests
