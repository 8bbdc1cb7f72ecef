"""A row of the log has exactly what the model got."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from contract.cells import CellStatus
from contract.sides import CLASS_SIDE
from server.served_log.files import LogFiles
from server.served_log.rows import RowMaker
from tests.support.served import INPUTS_OF_EVERY_KIND, KINDS, catalogue, manifest, read_inputs, served

MODEL = manifest()
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "number": st.floats(width=32),
    "log": st.integers(0, 2**24),
    "vector": st.lists(st.floats(width=32), max_size=3),
    "text": st.text(),
    "texts": st.lists(st.text(max_size=3), max_size=4),
    "whole": st.integers(-(2**63), 2**63 - 1),
    "wholes": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
}


def features(*sides: str) -> st.SearchStrategy[dict[str, Any]]:
    """Returns features of every kind, some of which are missing."""
    return st.fixed_dictionaries({f"{side}_{kind}": st.none() | VALUES[kind] for side in sides for kind in KINDS})


@given(st.lists(features("class"), min_size=2, max_size=3), st.lists(features("member", "context"), min_size=1))
def test_what_is_read_back_is_what_the_model_got(
    classes: list[dict[str, Any]], members: list[dict[str, Any]]
) -> None:
    snapshot = catalogue(classes)
    answers = [served(f"r{place}", MODEL, snapshot, **member) for place, member in enumerate(members)]

    found = read_inputs(RowMaker(MODEL).rows(answers).table)

    for spec in INPUTS_OF_EVERY_KIND:
        if spec.source in CLASS_SIDE:
            expected = np.concatenate([one.snapshot.columns[spec.name][one.positions] for one in answers])
        else:
            expected = np.concatenate([one.columns[spec.name][[1] * len(one.positions)] for one in answers])
        assert found[spec.name].dtype == expected.dtype
        np.testing.assert_array_equal(found[spec.name], expected)


def test_a_file_has_a_row_for_each_class_with_all_that_is_known_of_the_answer(tmp_path: Path) -> None:
    snapshot = catalogue([{"class_text": "a"}, {"class_number": 0.1}])
    answers = [
        served("r1", MODEL, snapshot, member_texts=["x"]),
        served("r2", MODEL, snapshot, [1], status=CellStatus.MISSING),
    ]
    rows = RowMaker(MODEL).rows(answers)
    path = LogFiles(tmp_path, "w", 2**30, lambda: date(2026, 11, 26)).write(rows.contract, rows.table)

    table = pq.ParquetFile(path).read()

    first, second, third = table.drop_columns("inputs").to_pylist()
    assert first == {
        "request_id": "r1",
        "request_time": datetime.fromtimestamp(1_700_000_000, UTC),
        "member_id": "m1",
        "class_id": "c1",
        "position": 0,
        "score": np.float32(0.9),
        "model": "ranking",
        "version": 3,
        "arm": "stable",
        "serving_mode": "LIVE",
        "contract": rows.contract,
        "feature_rows": [{"view": "activity", "status": "OK", "age_seconds": 60.5}],
    }
    assert (second["class_id"], second["position"]) == ("c0", 1)
    assert third["feature_rows"] == [{"view": "activity", "status": "MISSING", "age_seconds": None}]
    inputs = table["inputs"].to_pylist()
    assert (inputs[0]["class_number"], inputs[1]["class_number"]) == (np.float32(0.1), None)
    assert inputs[0]["member_texts"] == ["x", None, None]
    assert inputs[2]["member_texts"] == [None, None, None]
