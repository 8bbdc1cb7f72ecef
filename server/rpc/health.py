"""Health by the standard protocol (grpc.health.v1): serving while a version is."""

from collections.abc import Sequence

from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckResponse


class Health:
    """The health of the server as a whole, "", and of each service.

    Args:
        services: The full names of the services.
    """

    def __init__(self, services: Sequence[str]) -> None:
        self.servicer = health.aio.HealthServicer()
        self._services = ("", *services)

    async def tell(self, *, is_serving: bool) -> None:
        """Tells those who ask or watch; without effect after `drain`."""
        status = HealthCheckResponse.SERVING if is_serving else HealthCheckResponse.NOT_SERVING
        for service in self._services:
            await self.servicer.set(service, status)

    async def drain(self) -> None:
        """Tells that the server is not serving, for good."""
        await self.servicer.enter_graceful_shutdown()
