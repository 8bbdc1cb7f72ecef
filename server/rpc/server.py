"""Putting the gRPC server together."""

from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from paceline.v1 import model_service_pb2 as models_pb
from paceline.v1 import recommendation_service_pb2 as pb
from paceline.v1.model_service_pb2_grpc import add_ModelServiceServicer_to_server
from paceline.v1.recommendation_service_pb2_grpc import add_RecommendationServiceServicer_to_server
from server.domain.errors import StartError
from server.rpc.health import Health
from server.rpc.layers import Layer, LayeredInterceptor
from server.rpc.servicers import ModelServicer, RecommendationServicer

MAX_REQUEST_BYTES = 4 * 1024 * 1024

SERVICES = (
    pb.DESCRIPTOR.services_by_name["RecommendationService"].full_name,
    models_pb.DESCRIPTOR.services_by_name["ModelService"].full_name,
)

_OPTIONS = (
    # gRPC's default lets a second server take the same port in silence.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
)


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's key and certificate chain as PEM, and the authorities of its clients if they must show one."""

    key: bytes
    certificate: bytes
    client_authorities: bytes | None = None

    def credentials(self) -> grpc.ServerCredentials:
        """Returns the credentials of a port."""
        return grpc.ssl_server_credentials(
            [(self.key, self.certificate)],
            root_certificates=self.client_authorities,
            require_client_auth=self.client_authorities is not None,
        )


def build_server(
    recommendations: RecommendationServicer, models: ModelServicer, health_of: Health, layers: Sequence[Layer]
) -> grpc.aio.Server:
    """Returns the server with its services, not yet bound or started."""
    server = grpc.aio.server(interceptors=[LayeredInterceptor(layers)], options=_OPTIONS)
    add_RecommendationServiceServicer_to_server(recommendations, server)
    add_ModelServiceServicer_to_server(models, server)
    health_pb2_grpc.add_HealthServicer_to_server(health_of.servicer, server)
    reflection.enable_server_reflection((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    return server


def bind(server: grpc.aio.Server, host: str, port: int, tls: Tls | None) -> int:
    """Binds the server and returns its port; 0 takes a free one.

    Raises:
        StartError: The address can't be bound.
    """
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        if tls is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, tls.credentials())
    except RuntimeError:
        raise StartError(f"can't listen on {address}: it is in use, or not an address of this machine") from None
