"""A gRPC server over the fakes of `server.ranking`, on loopback."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from server.domain.versions import VersionRecord
from server.ranking.inputs import InputReader
from server.ranking.recommend import Recommender
from server.ranking.score import Scorer
from server.rpc.channel import Tls
from server.rpc.server import GrpcServer
from tests.support.fakes import FakeMembers, FakeModels

HOST = "127.0.0.1"


@dataclass
class Served:
    """A running server."""

    server: GrpcServer
    port: int
    observed: list[tuple[str, str]] = field(default_factory=list)
    """The method and the code of every call that ended."""

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"


@asynccontextmanager
async def serving(
    models: FakeModels,
    members: FakeMembers | None = None,
    *,
    records: Iterable[VersionRecord] = (),
    tls: Tls | None = None,
) -> AsyncIterator[Served]:
    """Runs a server until the block ends."""
    observed: list[tuple[str, str]] = []
    inputs = InputReader(members or FakeMembers(), lambda: 1_700_000_000.0)
    server = GrpcServer(
        Recommender(models, inputs),
        Scorer(models, inputs),
        lambda: records,
        lambda method, code, _: observed.append((method.rpartition("/")[2], code)),
    )
    port = server.bind(HOST, 0, tls)
    await server.start()
    try:
        yield Served(server, port, observed)
    finally:
        await server.stop(0)


def reason(error: grpc.aio.AioRpcError) -> str:
    """Returns the reason that a failed call gives."""
    info = ErrorInfo()
    status = rpc_status.from_call(_Call(error))
    assert status is not None
    assert status.details[0].Unpack(info)
    assert info.domain == "paceline"
    return info.reason


def invalid_fields(error: grpc.aio.AioRpcError) -> dict[str, str]:
    """Returns the invalid fields that a failed call lists, with what is wrong."""
    invalid = BadRequest()
    status = rpc_status.from_call(_Call(error))
    assert status is not None
    assert status.details[1].Unpack(invalid)
    return {violation.field: violation.description for violation in invalid.field_violations}


class _Call:
    """What `rpc_status.from_call` reads, of an error of `grpc.aio`."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self._error = error

    def code(self) -> grpc.StatusCode:
        return self._error.code()

    def details(self) -> str | None:
        return self._error.details()

    def trailing_metadata(self) -> list[tuple[str, str | bytes]]:
        return list(self._error.trailing_metadata())
