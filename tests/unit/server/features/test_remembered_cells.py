from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.results import ServingMode
from server.features.cells import Cells, Feature, ViewFeatures
from server.features.feast_sdk import FeatureView
from server.features.guarded_cells import StoreDown
from server.features.remembered_cells import RememberedCells


@dataclass
class Table:
    name: str


@dataclass
class Store:
    """Holds a number for each entity, which grows with every write, and is read by a clock that is set."""

    numbers: dict[str, int] = field(default_factory=dict)
    reads: list[list[str]] = field(default_factory=list)
    now: float = 0.0
    is_down: bool = False
    wrong: frozenset[str] = frozenset()

    def read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        if self.is_down:
            raise StoreDown
        if self.wrong & set(ids):
            raise ValueError("cut off")
        self.reads.append(list(ids))
        found = [self.numbers.get(id_) for id_ in ids]
        values = {f.name: [f.name + str(n) if n else None for n in found] for v in views for f in v.features}
        return Cells(values, {view.table.name: [self.now if n else None for n in found] for view in views})


def view(name: str, *features: str) -> ViewFeatures:
    return ViewFeatures(cast("FeatureView", Table(name)), [Feature(f, "string_val", 60) for f in features])


VIEWS = [view("profile", "a", "b"), view("activity", "c")]


def remembered(store: Store, seen: list[dict[str, int]] | None = None, **changes: Any) -> RememberedCells:
    told = seen if seen is not None else []
    settings: dict[str, Any] = {"fresh_seconds": 10.0, "last_known_seconds": 60.0, "size": 100, **changes}
    return RememberedCells(
        store, on_read=lambda counts: told.append(dict(counts)), clock=lambda: store.now, **settings
    )


def live(cells: Cells, count: int) -> Cells:
    return replace(cells, modes=[ServingMode.LIVE] * count)


@given(st.lists(st.lists(st.sampled_from("abcde"), min_size=1, max_size=5), max_size=10), st.integers(1, 6))
def test_it_says_what_the_store_says(asked: list[list[str]], size: int) -> None:
    store = Store({"a": 1, "b": 2, "d": 4})
    cells = remembered(store, size=size)

    for ids in asked:
        assert cells.read(ids, VIEWS) == live(store.read(ids, VIEWS), len(ids))


def test_only_what_is_not_remembered_is_read() -> None:
    store = Store({"a": 1, "b": 2})
    seen: list[dict[str, int]] = []
    cells = remembered(store, seen)

    cells.read(["a", "x"], VIEWS)
    cells.read(["x", "b", "a"], VIEWS)

    assert store.reads == [["a", "x"], ["b"]]
    assert seen == [{"store": 2}, {"memory": 2, "store": 1}]


@pytest.mark.parametrize(("later", "expected"), [(10.0, "a1"), (10.5, "a2")])
def test_what_is_too_old_is_read_again(later: float, expected: str) -> None:
    store = Store({"m": 1})
    cells = remembered(store)
    cells.read(["m"], VIEWS)

    store.numbers["m"], store.now = 2, later

    assert cells.read(["m"], VIEWS).values["a"] == [expected]


def test_other_features_of_an_entity_are_read() -> None:
    store = Store({"m": 1})
    cells = remembered(store)
    cells.read(["m"], VIEWS)

    assert cells.read(["m"], [view("profile", "a", "z")]).values == {"a": ["a1"], "z": ["z1"]}


def test_those_used_last_are_remembered() -> None:
    store = Store({"a": 1, "b": 2, "c": 3})
    cells = remembered(store, size=2)
    for id_ in ("a", "b", "a", "c"):
        cells.read([id_], VIEWS)

    store.reads.clear()
    cells.read(["a", "b"], VIEWS)

    assert store.reads == [["b"]]


def test_without_freshness_the_store_is_asked_each_time() -> None:
    store = Store({"m": 1})
    cells = remembered(store, fresh_seconds=0)

    cells.read(["m"], VIEWS)
    cells.read(["m"], VIEWS)

    assert store.reads == [["m"], ["m"]]


def test_a_store_that_is_down_costs_nothing_but_what_is_not_known() -> None:
    store = Store({"a": 1, "b": 2})
    seen: list[dict[str, int]] = []
    cells = remembered(store, seen, fresh_seconds=0)
    cells.read(["a", "x"], VIEWS)
    store.is_down, store.now = True, 60.0

    found = cells.read(["a", "b", "x", "a"], VIEWS)

    assert found.values["a"] == ["a1", None, None, "a1"]
    assert found.times == {"profile": [0.0, None, None, 0.0], "activity": [0.0, None, None, 0.0]}
    last, defaults = ServingMode.LAST_KNOWN, ServingMode.DEFAULTS
    assert found.modes == [last, defaults, last, last]
    assert seen[-1] == {"last_known": 3, "defaults": 1}
    store.now = 60.5
    assert cells.read(["a"], VIEWS).modes == [defaults]
    store.is_down = False
    assert cells.read(["a"], VIEWS).modes == [ServingMode.LIVE]


def test_a_store_that_fails_in_a_way_of_its_own_is_not_asked_for_everyone() -> None:
    store = Store(wrong=frozenset("abcdefgh"))
    tries: list[Sequence[str]] = []
    ask = store.read

    def read(ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        tries.append(ids)
        return ask(ids, views)

    store.read = read  # type: ignore[method-assign]

    found = remembered(store).read(list("abcdefgh"), VIEWS)

    assert set(found.modes) == {ServingMode.DEFAULTS}
    assert tries == [list("abcdefgh"), ["a"], ["b"], ["c"]]


def test_what_the_store_holds_wrongly_of_one_costs_the_others_nothing() -> None:
    store = Store({"a": 1, "b": 2}, wrong=frozenset("x"))

    found = remembered(store).read(["a", "x", "b"], VIEWS)

    assert found.values["c"] == ["c1", None, "c2"]
    assert found.modes == [ServingMode.LIVE, ServingMode.DEFAULTS, ServingMode.LIVE]


@given(
    st.lists(st.tuples(st.lists(st.sampled_from("abcde"), min_size=1, max_size=5), st.booleans()), max_size=12),
    st.sampled_from([0.0, 10.0]),
)
def test_it_never_fails_and_says_only_what_the_store_said(
    asked: list[tuple[list[str], bool]], fresh_seconds: float
) -> None:
    store = Store({"a": 1, "b": 2, "d": 4}, wrong=frozenset("e"))
    cells = remembered(store, fresh_seconds=fresh_seconds)
    truth = {"a": "a1", "b": "a2", "d": "a4"}

    for ids, is_down in asked:
        store.is_down = is_down
        found = cells.read(ids, VIEWS)
        for id_, value, mode in zip(ids, found.values["a"], found.modes, strict=True):
            assert value == (None if mode is ServingMode.DEFAULTS else truth.get(id_))
            assert is_down or mode is ServingMode.LIVE or id_ == "e"
