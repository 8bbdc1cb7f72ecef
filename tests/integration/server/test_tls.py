"""TLS over loopback, with an authority made for the test."""

from dataclasses import replace

import grpc
import pytest
import trustme

from paceline.v1 import recommendation_service_pb2 as pb
from paceline.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from server.rpc.channel import Tls
from tests.support.channels import serving
from tests.support.fakes import FakeModels, snapshot

MODELS = FakeModels(snapshot(["a"]), [0.5])
REQUEST = pb.RecommendClassesRequest(member_id="m1")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def keys(authority: trustme.CA) -> Tls:
    issued = authority.issue_cert("localhost")
    return Tls(issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes())


def trusting(authority: trustme.CA, shown: trustme.LeafCert | None = None) -> grpc.ChannelCredentials:
    ca = authority.cert_pem.bytes()
    if shown is None:
        return grpc.ssl_channel_credentials(ca)
    return grpc.ssl_channel_credentials(ca, shown.private_key_pem.bytes(), shown.cert_chain_pems[0].bytes())


async def classes(address: str, credentials: grpc.ChannelCredentials) -> list[str]:
    async with grpc.aio.secure_channel(address, credentials) as channel:
        response = await RecommendationServiceStub(channel).RecommendClasses(REQUEST)
        return [found.class_id for found in response.classes]


async def test_a_client_that_trusts_the_server_is_answered(authority: trustme.CA, keys: Tls) -> None:
    async with serving(MODELS, tls=keys) as server:
        assert await classes(server.address, trusting(authority)) == ["a"]


async def test_a_plain_client_is_not_answered(keys: Tls) -> None:
    async with serving(MODELS, tls=keys) as server, grpc.aio.insecure_channel(server.address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await RecommendationServiceStub(channel).RecommendClasses(REQUEST)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_only_clients_with_a_certificate_of_the_authority_are_answered(
    authority: trustme.CA, keys: Tls
) -> None:
    mutual = replace(keys, client_authorities=authority.cert_pem.bytes())
    stranger = trustme.CA().issue_cert("backend")
    async with serving(MODELS, tls=mutual) as server:
        assert await classes(server.address, trusting(authority, authority.issue_cert("backend"))) == ["a"]
        for shown in (None, stranger):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await classes(server.address, trusting(authority, shown))
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
