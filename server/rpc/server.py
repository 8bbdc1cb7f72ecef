"""The gRPC server."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import grpc
from grpc_health.v1 import health as health_check
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from server.domain.errors import StartError
from server.rpc.channel import SERVER_OPTIONS, SHARING_OPTIONS, Tls
from server.rpc.health import Health
from server.rpc.layers import Gate, LayeredServer, Observe, deadline, errors, observed
from server.rpc.services import Service


class GrpcServer:
    """Services, health and reflection on one port.

    Args:
        services: Those of the port; see `server.rpc.services`.
        observe: Is told of every call.
        shares_port: Whether other processes may listen on the port as well.
    """

    def __init__(self, services: Sequence[Service], observe: Observe, *, shares_port: bool = False) -> None:
        self.gate = Gate()
        layers = (errors, observed(observe), self.gate.layer, deadline)  # the outermost first
        options = SHARING_OPTIONS if shares_port else SERVER_OPTIONS
        self._server = grpc.aio.server(options=options)
        layered = LayeredServer(self._server, layers)
        for service in services:
            service.add(layered)
        names = [service.name for service in services]
        self.health = Health(names)
        health_pb2_grpc.add_HealthServicer_to_server(self.health.servicer, self._server)
        reflection.enable_server_reflection(
            (*names, health_check.SERVICE_NAME, reflection.SERVICE_NAME), self._server
        )

    def bind(self, host: str, port: int, tls: Tls | None = None) -> int:
        """Takes the port and returns it; 0 takes a free one.

        Raises:
            StartError: The address can't be bound.
        """
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            if tls is None:
                return self._server.add_insecure_port(address)
            return self._server.add_secure_port(address, tls.credentials())
        except RuntimeError:
            message = f"can't listen on {address}: it is in use, or not an address of this machine"
            raise StartError(message) from None

    async def start(self) -> None:
        """Begins to answer."""
        await self.health.tell(is_serving=False)
        await self._server.start()

    async def stop(self, grace_seconds: float) -> None:
        """Says so, lets no call in, and returns when those under way have ended or `grace_seconds` have passed."""
        await self.health.drain()
        end = time.monotonic() + grace_seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                await self.gate.close()
        await self._server.stop(max(0.0, end - time.monotonic()))
