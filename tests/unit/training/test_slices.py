"""What rows are sliced by, counted by hand."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from contract.columns import to_column
from contract.stubs import manifest_pb2 as pb
from tests.support.model_inputs import RANKING_INPUTS, text, whole
from training.errors import SpecError
from training.slices import Slicing, slices
from training.table import Table

INPUTS = [
    spec
    for spec in RANKING_INPUTS
    if spec.name in {"member_id", "class_id", "country", "plan", "surface", "discipline", "music_genres"}
]
SOURCE = pb.FeatureSource(member_key="member_id", class_key="class_id")


def _table(times: list[int] | None = None, labels: list[int] | None = None, **columns: list[Any]) -> Table:
    rows = len(next(iter(columns.values())))
    given = {
        spec.name: to_column(spec, columns.get(spec.name, [[] if spec.list_length else None] * rows))
        for spec in INPUTS
    }
    return Table(
        columns=given,
        labels=np.array(labels or [0] * rows, np.float32),
        times=None if times is None else np.array(times),
    )


def _rows(table: Table, train: Table, **changes: Any) -> dict[tuple[str, str], list[int]]:
    by = Slicing(**{"train": train, "inputs": INPUTS, "source": SOURCE, **changes})
    return {(each.group, each.name): np.flatnonzero(each.mask).tolist() for each in slices(table, by)}


def test_members_and_classes_with_few_rows_in_training_are_new() -> None:
    train = _table(member_id=["known"] * 16 + ["seldom"] * 4, class_id=["old"] * 20)
    table = _table(member_id=["known", "seldom", "never"], class_id=["old", "old", "fresh"])

    found = _rows(table, train)

    assert found["members", "new"] == [1, 2]
    assert found["classes", "new"] == [2]


def test_texts_of_class_and_context_are_sliced_by_and_no_others() -> None:
    table = _table(surface=["home", "search", "home"], discipline=["yoga", None, "run"], country=["nl"] * 3)

    found = _rows(table, table)

    assert found["surface", "home"] == [0, 2]
    assert found["surface", "search"] == [1]
    assert found["discipline", "(missing)"] == [1]
    assert {group for group, _ in found} == {"members", "classes", "surface", "discipline", "popularity"}


def test_a_text_of_many_values_is_sliced_by_only_if_it_is_named() -> None:
    table = _table(discipline=[str(i) for i in range(51)], plan=[1, None] + [2] * 49)

    assert "discipline" not in {group for group, _ in _rows(table, table)}
    named = _rows(table, table, names=["discipline", "plan"])
    assert len([group for group, _ in named if group == "discipline"]) == 51
    assert named["plan", "(missing)"] == [1]
    assert "surface" not in {group for group, _ in named}


@pytest.mark.parametrize("name", ["nowhere", "music_genres"])
def test_a_name_that_no_rows_can_be_sliced_by_is_named_with_those_that_can(name: str) -> None:
    table = _table(surface=["home"])

    with pytest.raises(SpecError, match=f"gate.slices has '{name}', expected some of member_id, country, plan,"):
        _rows(table, table, names=[name])


def test_hours_are_those_of_the_models_clock() -> None:
    table = _table(surface=["home"] * 3, times=[0, 3599, 23 * 3600])

    assert _rows(table, table)["hour", "00"] == [0, 1]
    assert _rows(table, table, utc_offset=timedelta(hours=8))["hour", "07"] == [2]


def test_popularity_is_the_decile_of_the_class_by_its_labels() -> None:
    """Ten classes of 0 to 9 positives: one in each decile; a class not seen in training is in none."""
    classes = [f"c{i}" for i in range(10) for _ in range(10)]
    train = _table(class_id=classes, labels=[int(row < i) for i in range(10) for row in range(10)])
    table = _table(class_id=["c0", "c9", "unseen", "c9"])

    found = {name: rows for (group, name), rows in _rows(table, train).items() if group == "popularity"}

    assert found == {"1": [0], "10": [1, 3]}


def test_a_flat_table_is_sliced_by_its_texts() -> None:
    inputs = [text("colour"), whole("age")]
    table = Table({"colour": np.array(["red", "blue"], object), "age": np.array([1, 2])}, np.zeros(2, np.float32))

    found = _rows(table, table, inputs=inputs, source=None)

    assert found == {("colour", "blue"): [1], ("colour", "red"): [0]}
