"""Health by the standard protocol (grpc.health.v1): serving while a version is; what needs none, until the end."""

from collections.abc import Sequence

from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckResponse

from server.rpc.services import EVENTS


class Health:
    """The health of the server as a whole, "", and of each service.

    Args:
        services: The full names of the services.
    """

    def __init__(self, services: Sequence[str]) -> None:
        self.servicer = health.aio.HealthServicer()
        self._services = ("", *services)

    async def tell(self, *, is_serving: bool) -> None:
        """Tells those who ask or watch whether a version serves; without effect after `drain`."""
        for service in self._services:
            works = is_serving or service == EVENTS  # which records without a model
            status = HealthCheckResponse.SERVING if works else HealthCheckResponse.NOT_SERVING
            await self.servicer.set(service, status)

    async def drain(self) -> None:
        """Tells that the server is not serving, for good."""
        await self.servicer.enter_graceful_shutdown()
