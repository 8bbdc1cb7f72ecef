"""Versions are compared with a real registry before they are loaded."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
from feast import FeatureStore

from contract.stubs import manifest_pb2 as pb
from server.domain.errors import StoreUnavailable
from server.domain.versions import RefusalReason, Refused
from server.features.feast_registry import FeastRegistry
from server.features.registry import Registry
from server.features.registry_check import RegistryCheck
from server.features.store import open_store
from tests.support.feast_store import SQLITE, definitions, manifest, open_applied, write_profile

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    root = tmp_path_factory.mktemp("store")
    return open_applied(write_profile(root, SQLITE.format(root=root)))


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


async def refusal(store: FeatureStore, executor: Executor, message: pb.Manifest) -> str:
    with pytest.raises(Refused) as refused:
        await RegistryCheck(Registry(FeastRegistry(store)), executor)(message)
    assert refused.value.reason is RefusalReason.CONTRACT_MISMATCH
    return str(refused.value)


async def test_a_version_whose_features_are_as_they_were_is_accepted(
    store: FeatureStore, executor: Executor
) -> None:
    await RegistryCheck(Registry(FeastRegistry(store)), executor)(manifest())


def liking(message: pb.Manifest) -> pb.Input:
    return next(spec for spec in message.inputs if spec.name == "liking")


def another_service(message: pb.Manifest) -> None:
    message.feature_source.feature_service = "nope"


def another_catalogue(message: pb.Manifest) -> None:
    message.feature_source.catalogue_view = "nope"


def another_view(message: pb.Manifest) -> None:
    liking(message).feature_view = "nope"


def another_feature(message: pb.Manifest) -> None:
    liking(message).name = "loathing"


def another_type(message: pb.Manifest) -> None:
    liking(message).data_type = pb.DATA_TYPE_INT64


def another_key(message: pb.Manifest) -> None:
    message.feature_source.member_key = "person_id"


def another_feature_to_show(message: pb.Manifest) -> None:
    message.display_features[0].name = "subtitle"


def no_feature_source(message: pb.Manifest) -> None:
    message.ClearField("feature_source")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (another_service, "the registry has no feature service 'nope'"),
        (another_catalogue, "the registry has no enabled feature view 'nope'"),
        (
            another_view,
            "the registry has no enabled feature view 'nope'; "
            "feature service 'ranking' has no feature nope:liking",
        ),
        (another_feature, "feature service 'ranking' has no feature members:loathing"),
        (another_type, "feature members:liking is Float32, expected INT64"),
        (another_key, "feature view 'members' has the join keys ['member_id'], expected ['person_id']"),
        (another_feature_to_show, "feature service 'ranking' has no feature classes:subtitle"),
        (no_feature_source, "the model has no feature source, so there is no catalogue for it to rank"),
    ],
)
async def test_a_version_that_expects_something_else_is_refused_with_the_difference(
    store: FeatureStore, executor: Executor, change: Callable[[pb.Manifest], None], expected: str
) -> None:
    message = manifest()
    change(message)
    assert await refusal(store, executor, message) == expected


async def test_what_was_registered_a_moment_ago_is_seen(tmp_path: Path, executor: Executor) -> None:
    repo = write_profile(tmp_path, SQLITE.format(root=tmp_path))
    objects = definitions()
    check = RegistryCheck(Registry(FeastRegistry(open_applied(repo, objects[:-1]))), executor)
    with pytest.raises(Refused):
        await check(manifest())
    open_store(repo).apply(objects)
    await check(manifest())


async def test_a_view_that_is_disabled_is_refused(tmp_path: Path, executor: Executor) -> None:
    objects = definitions()
    next(found for found in objects if found.name == "members").enabled = False
    disabled = open_applied(write_profile(tmp_path, SQLITE.format(root=tmp_path)), objects)
    assert await refusal(disabled, executor, manifest()) == "the registry has no enabled feature view 'members'"


async def test_without_a_registry_nothing_is_refused_for_good(tmp_path: Path, executor: Executor) -> None:
    absent = open_store(write_profile(tmp_path, SQLITE.format(root=tmp_path)))
    with pytest.raises(StoreUnavailable):
        await RegistryCheck(Registry(FeastRegistry(absent)), executor)(manifest())


def computed(view: str = "members", feature: str = "liking") -> pb.Manifest:
    """Returns a version that computes a feature from a stored one, which its feature service need not have."""
    message = manifest()
    message.inputs.add(
        name="twice", source=pb.SOURCE_MEMBER, feature_view="doubled", data_type=pb.DATA_TYPE_FLOAT32
    )
    message.on_demand_views.add(name="doubled", source=pb.SOURCE_MEMBER)
    message.on_demand_views[0].inputs.add(
        name=feature, source=pb.SOURCE_MEMBER, feature_view=view, data_type=pb.DATA_TYPE_FLOAT32
    )
    return message


async def test_a_version_has_its_own_functions_and_the_registry_what_they_read(
    store: FeatureStore, executor: Executor
) -> None:
    await RegistryCheck(Registry(FeastRegistry(store)), executor)(computed())
    await RegistryCheck(Registry(FeastRegistry(store)), executor)(computed("typed", "float32"))
    assert "no enabled feature view 'gone'" in await refusal(store, executor, computed("gone", "other"))
    assert "typed:text is String, expected FLOAT32" in await refusal(store, executor, computed("typed", "text"))
