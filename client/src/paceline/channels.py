"""Channels to a server, with and without TLS."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

Pem = bytes | str | Path
"""PEM text as bytes, or the path of a file that holds it."""

OPTIONS: Sequence[tuple[str, str | int]] = (
    # A target such as dns:///paceline:8500 may have many addresses: a retry goes to the next.
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
    # gRPC would otherwise let up to two minutes pass before it looks for a server that was gone.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """How the server is verified, and how the client shows who it is.

    Args:
        ca: The authorities that sign servers; gRPC's own list when None.
        cert: The client's certificate chain, for servers that ask for one; with `key`.
        key: The client's private key; with `cert`.
    """

    ca: Pem | None = None
    cert: Pem | None = None
    key: Pem | None = None

    def __post_init__(self) -> None:
        if (self.cert is None) != (self.key is None):
            raise ValueError(f"{'key' if self.key is None else 'cert'} is missing: cert and key go together")

    def credentials(self) -> grpc.ChannelCredentials:
        """Returns the credentials of a channel.

        Raises:
            OSError: A file can't be read.
        """
        return grpc.ssl_channel_credentials(
            root_certificates=_pem(self.ca), private_key=_pem(self.key), certificate_chain=_pem(self.cert)
        )


def open_channel(target: str, tls: TlsOptions | None = None) -> grpc.Channel:
    """Returns a channel for `PacelineClient`; it connects with the first call."""
    if tls is None:
        return grpc.insecure_channel(target, OPTIONS)
    return grpc.secure_channel(target, tls.credentials(), OPTIONS)


def open_async_channel(target: str, tls: TlsOptions | None = None) -> grpc.aio.Channel:
    """Returns a channel for `AsyncPacelineClient`; it connects with the first call."""
    if tls is None:
        return grpc.aio.insecure_channel(target, OPTIONS)
    return grpc.aio.secure_channel(target, tls.credentials(), OPTIONS)


def _pem(source: Pem | None) -> bytes | None:
    return source if source is None or isinstance(source, bytes) else Path(source).read_bytes()
