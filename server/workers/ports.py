"""Ports that the workers of one supervisor share, and nobody else."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from server.domain.errors import StartError


@contextmanager
def reserved(host: str, port: int) -> Iterator[int]:
    """Keeps a port for sockets with SO_REUSEPORT, and yields it.

    That option alone would also let another supervisor's workers in. So there is a lock for the port: a name among
    the abstract Unix sockets, which are as far-reaching as ports are and end with the process.

    Args:
        host: The address.
        port: The port; 0 takes a free one.

    Raises:
        StartError: It is in use, or the address can't be bound.
    """
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with _bound(family, address) as probe:
            found = probe.getsockname()
        lock = _bound(socket.AF_UNIX, f"\0paceline-{found[0]}-{found[1]}")
        held = _bound(family, found, socket.SO_REUSEPORT)
    except OSError:
        raise StartError(f"can't listen on {shown}: it is in use, or not an address of this machine") from None
    with lock, held:
        # Or others could take it while no worker listens.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        yield found[1]


def _bound(family: int, address: Any, *options: int) -> socket.socket:
    """Returns a socket that is bound, though connections of an earlier server may linger on the port."""
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        for option in (socket.SO_REUSEADDR, *options):
            made.setsockopt(socket.SOL_SOCKET, option, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made
