"""Reading the keys of the port."""

from pathlib import Path

from server.app.settings import Settings
from server.domain.errors import StartError
from server.rpc.channel import Tls


def read_keys(settings: Settings) -> Tls | None:
    """Returns the keys that the settings name, None for plain connections.

    Raises:
        StartError: One of them is missing or can't be read.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        if settings.tls_cert or settings.tls_key or settings.tls_client_ca:
            raise StartError("--tls-cert and --tls-key go together, and --tls-client-ca needs both")
        return None
    authorities = _read("--tls-client-ca", settings.tls_client_ca) if settings.tls_client_ca else None
    return Tls(_read("--tls-key", settings.tls_key), _read("--tls-cert", settings.tls_cert), authorities)


def _read(flag: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartError(f"{flag} {path} can't be read: {error.strerror}") from None
