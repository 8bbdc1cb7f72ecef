"""A gRPC server over the fakes of the ports, on loopback."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import grpc
from google.protobuf import any_pb2
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from server.inference.ports import Servables
from server.ranking.batches import Batches
from server.ranking.bulk import BulkRecommender
from server.ranking.inputs import InputReader
from server.ranking.recommend import Recommender
from server.ranking.score import Scorer
from server.rpc.channel import Tls
from server.rpc.server import GrpcServer
from server.rpc.services import Service, admin_services, model_services, recommendation_service
from tests.support.admin import FakeAdmin, FakeStates
from tests.support.fakes import FakeMembers, FakeModels
from tests.support.servables import FakeServables

HOST = "127.0.0.1"


@dataclass
class Served:
    """A running server."""

    server: GrpcServer
    port: int
    services: Sequence[str]
    """Their full names."""
    observed: list[tuple[str, str]]
    """The method and the code of every call that ended."""

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"


@asynccontextmanager
async def serving(
    models: FakeModels,
    members: FakeMembers | None = None,
    *,
    servables: Servables | None = None,
    states: FakeStates | None = None,
    tls: Tls | None = None,
) -> AsyncIterator[Served]:
    """Runs a server with the port for everybody until the block ends."""
    batches = Batches(InputReader(members or FakeMembers(), lambda: 1_700_000_000.0))
    recommend, score = Recommender(models, batches).recommend, Scorer(models, batches).score
    services = [
        recommendation_service(recommend, BulkRecommender(recommend).recommend, score),
        *model_services(servables or FakeServables(), states or FakeStates()),
    ]
    async with running(services, tls) as served:
        yield served


@asynccontextmanager
async def serving_admins(
    admin: FakeAdmin, *, states: FakeStates | None = None, tls: Tls | None = None
) -> AsyncIterator[Served]:
    """Runs a server with the port for admins until the block ends."""
    async with running(admin_services(states or FakeStates(), admin), tls) as served:
        yield served


@asynccontextmanager
async def running(services: Sequence[Service], tls: Tls | None = None) -> AsyncIterator[Served]:
    """Runs a server with some services until the block ends."""
    observed: list[tuple[str, str]] = []
    server = GrpcServer(services, lambda method, code, _: observed.append((method.rpartition("/")[2], code)))
    port = server.bind(HOST, 0, tls)
    await server.start()
    try:
        yield Served(server, port, [service.name for service in services], observed)
    finally:
        await server.stop(0)


def reason(error: grpc.aio.AioRpcError) -> str:
    """Returns the reason that a failed call gives."""
    info = ErrorInfo()
    assert _details(error)[0].Unpack(info)
    assert info.domain == "paceline"
    return info.reason


def status_of(error: grpc.aio.AioRpcError) -> tuple[grpc.StatusCode, str]:
    """Returns the code and the reason of a failed call."""
    return error.code(), reason(error)


def invalid_fields(error: grpc.aio.AioRpcError) -> dict[str, str]:
    """Returns the invalid fields that a failed call lists, with what is wrong."""
    invalid = BadRequest()
    assert _details(error)[1].Unpack(invalid)
    return {violation.field: violation.description for violation in invalid.field_violations}


def _details(error: grpc.aio.AioRpcError) -> Sequence[any_pb2.Any]:
    status: Status | None = rpc_status.from_call(cast("grpc.Call", error))  # it has all that is read of a call
    assert status is not None
    return status.details
