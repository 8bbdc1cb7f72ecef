"""The address for admins."""

import ipaddress
from dataclasses import dataclass

from server.app.settings import Settings
from server.domain.errors import StartError


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port."""

    host: str
    port: int


def admin_address(settings: Settings) -> Address:
    """Returns the address for admins.

    Raises:
        StartError: It is not a host and a port, or other machines reach it without showing a certificate.
    """
    host, _, port = settings.admin_address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise StartError(f"--admin-address is {settings.admin_address!r}, expected host:port")
    address = Address(host.strip("[]"), int(port))
    if not _is_loopback(address.host) and settings.tls_client_ca is None:
        raise StartError(
            f"--admin-address {settings.admin_address} is open to other machines, and who reaches it changes what "
            "is served; expected a loopback address, or --tls-client-ca to say who may"
        )
    return address


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
