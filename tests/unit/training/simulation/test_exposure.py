"""Pages, shelves and memories, the parts of what is shown."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.simulation.classes import make_classes
from training.simulation.exposure import draw_pages
from training.simulation.memory import Memory
from training.simulation.shelf import Shelf
from training.simulation.spec import WorldSpec


@given(count=st.integers(1, 5000), seed=st.integers(0, 2**32))
def test_pages_make_exactly_so_many_impressions(count: int, seed: int) -> None:
    pages = draw_pages(np.random.default_rng(seed), count)
    assert len(pages.session) == len(pages.position) == count
    assert np.unique(pages.session).tolist() == list(range(pages.count))
    lengths = np.bincount(pages.session)
    assert np.array_equal(pages.position, np.concatenate([np.arange(length) for length in lengths]))
    assert lengths.max() <= 15
    assert (lengths[:-1] >= 5).all()


@given(classes=st.integers(1, 40), day=st.integers(0, 9), seed=st.integers(0, 100))
def test_a_shelf_holds_only_what_has_aired(classes: int, day: int, seed: int) -> None:
    made = make_classes(WorldSpec(1, classes, 10, 1, seed, date(2025, 3, 1)))
    drawn = Shelf(made, day).draw(np.random.default_rng(seed), np.zeros((200, 8), dtype=np.float32))
    assert (made.air_day[drawn] <= day).all()


def test_a_shelf_follows_the_pull() -> None:
    made = make_classes(WorldSpec(1, 200, 10, 1, 1, date(2025, 3, 1)))
    pull = np.zeros((500, 8), dtype=np.float32)
    pull[:, 4] = 50
    drawn = Shelf(made, 0).draw(np.random.default_rng(1), pull)
    assert set(made.discipline[drawn]) == {4}
    assert len(set(drawn)) > 5


def test_starts_are_remembered_from_the_next_day_on() -> None:
    memory = Memory(2)
    memory.start_day()
    memory.note(np.array([1]), np.array([7]))
    assert not memory.holds(np.array([1]), np.array([7]))[0]
    memory.start_day()
    assert memory.holds(np.array([1, 0, 1]), np.array([7, 7, 8])).tolist() == [True, False, False]


def test_the_last_ten_starts_are_remembered() -> None:
    memory = Memory(1)
    memory.note(np.zeros(4, dtype=np.int64), np.arange(4))
    memory.note(np.zeros(8, dtype=np.int64), np.arange(4, 12))
    memory.start_day()
    assert memory.holds(np.zeros(12, dtype=np.int64), np.arange(12)).tolist() == [False] * 2 + [True] * 10


def test_a_member_without_memories_recalls_nothing() -> None:
    memory = Memory(2)
    memory.note(np.zeros(10, dtype=np.int64), np.full(10, 3))
    memory.start_day()
    recalled = memory.recall(np.random.default_rng(1), np.array([0, 1]), otherwise=np.array([8, 9]))
    assert recalled.tolist() == [3, 9]
