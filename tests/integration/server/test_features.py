"""Reading a real online store: SQLite and Redis say the same, in the contract's words."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typeguard
from feast import FeatureStore

from contract.errors import ProfileError
from contract.stubs import manifest_pb2 as pb
from server.domain.errors import StoreUnavailable
from server.features.feast_registry import FeastRegistry
from server.features.members import FeastMemberFeatures
from server.features.online import OnlineFeatures
from server.features.opening import Stores, open_stores
from server.features.registry import Registry
from server.features.store import cell_reader
from tests.support import linear_model
from tests.support.feast_store import (
    DAY,
    EVERY_TYPE,
    NOW,
    REDIS,
    SQLITE,
    open_applied,
    write,
    write_profile,
)
from tests.support.redis import redis_port, running_redis

__all__ = ["redis_port"]

pytestmark = pytest.mark.slow


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Online:
    store: FeatureStore
    features: OnlineFeatures
    clock: Clock


def online(repo: Path, *, by_feast: bool = False) -> Online:
    clock = Clock()
    store = open_applied(repo)
    stores = Stores(FeastRegistry(store), cell_reader(store), b"") if by_feast else open_stores(repo)
    registry = Registry(stores.registry)
    registry.refresh()
    return Online(store, OnlineFeatures(stores.cells, registry, clock), clock)


@pytest.fixture(params=["sqlite", "redis", "sqlite by Feast"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Online:
    if request.param != "redis":
        by_feast = request.param == "sqlite by Feast"
        return online(write_profile(tmp_path, SQLITE.format(root=tmp_path)), by_feast=by_feast)
    port = request.getfixturevalue("redis_port")
    project = tmp_path.name.replace("-", "_")
    return online(write_profile(tmp_path, REDIS.format(port=port), project))


def typed(name: str, ttl_seconds: int = DAY) -> pb.Input:
    data_type = EVERY_TYPE[name][1]
    return pb.Input(
        name=name,
        source=pb.SOURCE_MEMBER,
        feature_view="typed",
        data_type=data_type,
        ttl_seconds=ttl_seconds,
        list_length=2 if "LIST" in pb.DataType.Name(data_type) else 0,
    )


SPECS = [typed(name) for name in EVERY_TYPE]
VALUES = {name: value for name, (_, _, value) in EVERY_TYPE.items()}


def test_values_of_every_type_are_read_as_they_were_written(opened: Online) -> None:
    write(opened.store, "typed", [{"member_id": "m1", **VALUES}])
    found = opened.features.read("typed", ["m1"], SPECS)
    assert found == {name: [value] for name, value in VALUES.items()}


def test_an_entity_without_a_row_has_no_values(opened: Online) -> None:
    write(opened.store, "typed", [{"member_id": "m1", **VALUES}])
    found = opened.features.read("typed", ["m0", "m1", "m2"], [typed("int32")])
    assert found == {"int32": [None, -3, None]}


def test_a_null_is_no_value_and_the_rest_of_the_row_is_read(opened: Online) -> None:
    write(opened.store, "typed", [{"member_id": "m1", **VALUES, "text": None, "float32": float("nan")}])
    found = opened.features.read("typed", ["m1"], SPECS)
    assert found == {name: [None if name in ("text", "float32") else value] for name, value in VALUES.items()}


@pytest.mark.parametrize(("age", "is_fresh"), [(0, True), (DAY, True), (DAY + 1, False)])
def test_a_value_holds_until_its_ttl_has_passed(opened: Online, age: int, is_fresh: bool) -> None:
    write(opened.store, "typed", [{"member_id": "m1", **VALUES}])
    opened.clock.now = NOW + age
    found = opened.features.read("typed", ["m1"], [typed("int32"), typed("text", ttl_seconds=0)])
    assert found == {"int32": [-3 if is_fresh else None], "text": ["é"]}


def test_a_value_of_another_type_than_expected_is_no_value(opened: Online) -> None:
    write(opened.store, "typed", [{"member_id": "m1", **VALUES}])
    spec = typed("int32")
    spec.data_type = pb.DATA_TYPE_STRING
    assert opened.features.read("typed", ["m1"], [spec]) == {"int32": [None]}


def test_a_read_asks_for_the_same_features_again(opened: Online) -> None:
    """Feast's Redis store appends to the list of names it is given."""
    write(opened.store, "typed", [{"member_id": "m1", **VALUES}])
    for _ in range(3):
        assert opened.features.read("typed", ["m1"], SPECS)["text"] == ["é"]


def test_the_columns_of_members(opened: Online) -> None:
    write(opened.store, "members", [{"member_id": "m1", "liking": 0.5}])
    members = FeastMemberFeatures(opened.features)
    rows = members.read(linear_model.MEMBER_SIDE, "member_id", ["m1", "nobody", "m1"])
    assert rows.is_known == [True, False, True]
    assert rows.columns["member_id"].tolist() == ["m1", "nobody", "m1"]
    np.testing.assert_array_equal(rows.columns["liking"], np.array([0.5, np.nan, 0.5], np.float32))
    assert rows.columns["liking"].dtype == np.float32


def test_a_model_may_read_nothing_of_members_but_their_ids(opened: Online) -> None:
    members = FeastMemberFeatures(opened.features)
    inputs = [spec for spec in linear_model.MEMBER_SIDE if spec.source == pb.SOURCE_MEMBER_KEY]
    rows = members.read(inputs, "member_id", ["m1", "m2"])
    assert {name: column.tolist() for name, column in rows.columns.items()} == {"member_id": ["m1", "m2"]}
    assert rows.is_known == [False, False]


def test_features_of_another_type_do_not_make_a_member_known(opened: Online) -> None:
    write(opened.store, "typed", [{"member_id": "m1", **VALUES}])
    spec = typed("int32")
    spec.data_type = pb.DATA_TYPE_STRING
    members = FeastMemberFeatures(opened.features)
    assert members.read([spec], "member_id", ["m1"]).is_known == [False]


def test_a_store_that_ends_is_unavailable_until_it_comes_back_and_said_to_be_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running_redis() as port:
        opened = online(write_profile(tmp_path, REDIS.format(port=port)))
        assert opened.features.read("typed", ["m1"], SPECS)["text"] == [None]
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match="the online store could not be read"):
            opened.features.read("typed", ["m1"], SPECS)
    assert len(caplog.messages) == 1
    with running_redis(port):
        write(opened.store, "typed", [{"member_id": "m1", **VALUES}])
        assert opened.features.read("typed", ["m1"], SPECS)["text"] == ["é"]


def test_a_view_that_is_not_registered_is_named(opened: Online) -> None:
    with pytest.raises(StoreUnavailable, match="no enabled feature view 'nope'"):
        opened.features.read("nope", ["m1"], SPECS)


def test_a_registry_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    repo = write_profile(tmp_path, SQLITE.format(root=tmp_path))
    registry = Registry(open_stores(repo).registry)
    with pytest.raises(StoreUnavailable, match=r"registry\.db does not exist"):
        registry.refresh()
    assert not (tmp_path / "registry.db").exists()


def test_a_registry_that_can_t_be_read_keeps_what_was_read(tmp_path: Path) -> None:
    repo = write_profile(tmp_path, SQLITE.format(root=tmp_path))
    open_applied(repo)
    registry = Registry(open_stores(repo).registry)
    registry.refresh()
    (tmp_path / "registry.db").write_bytes(b"\xff\xff")
    with pytest.raises(StoreUnavailable, match="the feature registry could not be read"):
        registry.refresh()
    assert registry.view("members").name == "members"


@pytest.mark.parametrize(
    ("text", "message"), [("online_store: 3\n", "is not a Feast configuration"), ("- a\n", "expected a mapping")]
)
def test_a_profile_that_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "feature_store.yaml").write_text(text)
    with pytest.raises(ProfileError, match=f"feature_store.yaml .*{message}"):
        open_stores(tmp_path)


def test_the_real_typeguard_is_put_back() -> None:
    @typeguard.typechecked
    def half(number: int) -> float:
        return number / 2

    wrong: Any = "x"
    with pytest.raises(typeguard.TypeCheckError):
        half(wrong)
