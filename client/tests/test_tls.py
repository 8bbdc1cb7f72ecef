"""TLS over loopback, with authorities made for the test."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import trustme

from paceline import AsyncPacelineClient, PacelineClient, RetryPolicy, TlsOptions, Unavailable
from paceline.testing import FakeServer

ONCE = RetryPolicy(attempts=1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca(authority: trustme.CA) -> bytes:
    return authority.cert_pem.bytes()


@pytest.fixture(scope="module")
def member(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("backend.test")


@pytest.fixture(scope="module")
def server(authority: trustme.CA, ca: bytes) -> Iterator[FakeServer]:
    """A server that asks its clients for certificates."""
    issued = authority.issue_cert("127.0.0.1")
    pair = (issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes())
    credentials = grpc.ssl_server_credentials([pair], ca, require_client_auth=True)
    with FakeServer(credentials) as server:
        yield server


def by_bytes(ca: bytes, cert: trustme.LeafCert) -> TlsOptions:
    return TlsOptions(ca, cert.cert_chain_pems[0].bytes(), cert.private_key_pem.bytes())


def test_both_sides_trust_each_other_by_bytes(server: FakeServer, ca: bytes, member: trustme.LeafCert) -> None:
    with PacelineClient(server.target, tls=by_bytes(ca, member), timeout=10.0) as client:
        client.recommend_classes("m1")


async def test_both_sides_trust_each_other_by_files(
    server: FakeServer, ca: bytes, member: trustme.LeafCert, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    texts = [ca, member.cert_chain_pems[0].bytes(), member.private_key_pem.bytes()]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    tls = TlsOptions(paths[0], paths[1], str(paths[2]))
    async with AsyncPacelineClient(server.target, tls=tls, timeout=10.0) as client:
        await client.recommend_classes("m1")


def test_a_server_of_an_authority_not_trusted_is_unavailable(server: FakeServer, member: trustme.LeafCert) -> None:
    tls = by_bytes(trustme.CA().cert_pem.bytes(), member)
    with PacelineClient(server.target, tls=tls, retry=ONCE) as client, pytest.raises(Unavailable):
        client.recommend_classes("m1", timeout=10.0)


def test_a_client_without_a_certificate_is_turned_away(server: FakeServer, ca: bytes) -> None:
    with PacelineClient(server.target, tls=TlsOptions(ca), retry=ONCE) as client, pytest.raises(Unavailable):
        client.recommend_classes("m1", timeout=10.0)


@pytest.mark.parametrize(("options", "missing"), [({"cert": b"pem"}, "key"), ({"key": b"pem"}, "cert")])
def test_a_certificate_and_its_key_go_together(options: dict[str, bytes], missing: str) -> None:
    with pytest.raises(ValueError, match=f"{missing} is missing"):
        TlsOptions(**options)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no\.pem"):
        PacelineClient("localhost:1", tls=TlsOptions(tmp_path / "no.pem"))
