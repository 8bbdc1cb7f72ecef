"""Worlds of every size: the smallest ones hold together, and large ones are made in chunks."""

from datetime import date
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.simulation.conftest import PARTITIONED
from training.errors import SpecError
from training.simulation.simulator import simulate
from training.simulation.spec import WorldSpec
from training.simulation.world import CHUNK_ROWS, World

SIZES = {"member_count": 3, "class_count": 4, "day_count": 2, "events_per_day": 10, "seed": 1}
LAST_DAY = date(2025, 3, 1)


def test_a_day_is_made_in_chunks_however_many_events_it_has() -> None:
    spec = WorldSpec(**{**SIZES, "day_count": 1, "events_per_day": 2 * CHUNK_ROWS + 7}, last_day=LAST_DAY)
    [lengths] = [[len(chunk["impressions"]) for chunk in chunks] for _, chunks in World(spec).days()]
    assert lengths == [CHUNK_ROWS, CHUNK_ROWS, 7]


@settings(max_examples=15, deadline=None)
@given(
    st.builds(
        WorldSpec,
        member_count=st.integers(1, 5),
        class_count=st.integers(1, 6),
        day_count=st.integers(1, 4),
        events_per_day=st.integers(1, 60),
        seed=st.integers(0, 2**63),
        last_day=st.just(LAST_DAY),
    )
)
def test_the_smallest_worlds_are_whole(tmp_path_factory: pytest.TempPathFactory, spec: WorldSpec) -> None:
    folder = tmp_path_factory.mktemp("small") / "world"
    row_counts = simulate(spec, folder, lambda *_: None)
    assert row_counts["members"] == spec.member_count
    assert row_counts["classes"] == spec.class_count
    assert row_counts["impressions"] == row_counts["truth"] == spec.day_count * spec.events_per_day
    for table in PARTITIONED:
        files = sorted((folder / table).rglob("*.parquet"))
        assert len(files) == spec.day_count
        assert sum(pq.ParquetFile(file).metadata.num_rows for file in files) == row_counts[table]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"member_count": 0}, "member_count is 0, expected at least 1"),
        ({"class_count": -1}, "class_count is -1, expected at least 1"),
        ({"day_count": 0}, "day_count is 0, expected at least 1"),
        ({"events_per_day": 0}, "events_per_day is 0, expected at least 1"),
        ({"seed": -1}, "seed is -1, expected at least 0"),
        ({"last_day": date(1969, 1, 1)}, "last_day is 1969-01-01, expected"),
        ({"last_day": date(9999, 12, 31)}, "last_day is 9999-12-31, expected"),
        ({"day_count": 10**6}, "day_count is 1000000, expected at most"),
    ],
)
def test_a_wrong_size_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        WorldSpec(**{**SIZES, "last_day": LAST_DAY, **wrong})
