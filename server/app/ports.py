"""Where a server listens."""

import logging
from dataclasses import dataclass

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a server listens; None where it does not."""

    grpc: int
    admin: int | None
    http: int | None


def log_ports(ports: Ports) -> None:
    """Logs them."""
    _log.info(
        "listening on port %s, for admins on port %s, for HTTP on port %s", ports.grpc, ports.admin, ports.http
    )
