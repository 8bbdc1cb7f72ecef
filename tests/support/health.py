"""A client of gRPC's health service."""

from grpc.aio import UnaryStreamCall, UnaryStreamMultiCallable, UnaryUnaryMultiCallable
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub


class HealthClient(HealthStub):
    """The stub, with the methods that its types lack."""

    Check: "UnaryUnaryMultiCallable[HealthCheckRequest, HealthCheckResponse]"
    Watch: "UnaryStreamMultiCallable[HealthCheckRequest, HealthCheckResponse]"


async def next_status(watch: "UnaryStreamCall[HealthCheckRequest, HealthCheckResponse]") -> int:
    """Returns the next status that a watch is told of."""
    answer = await watch.read()
    assert isinstance(answer, HealthCheckResponse)
    return answer.status
