"""The options and the keys of the server's port."""

from dataclasses import dataclass

import grpc

MAX_REQUEST_BYTES = 64 * 1024 * 1024
"""Tensors are large: a hundred photographs of 224 by 224 pixels have 57 MiB, so gRPC's 4 MiB are too few. But a
call is held some four times over until it is answered, and short texts take more, so there is a limit, where
TensorFlow Serving has none."""

_SIZE = ("grpc.max_receive_message_length", MAX_REQUEST_BYTES)
# gRPC's default lets a second server take the same port in silence.
SERVER_OPTIONS = (("grpc.so_reuseport", 0), _SIZE)
SHARING_OPTIONS = (("grpc.so_reuseport", 1), _SIZE)
"""Those of a worker, whose supervisor keeps the port from strangers."""


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
