from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contract.columns import INT64_MISSING, to_column
from contract.indexed import FIRST, MISSING, UNKNOWN, Indexer, time_indices
from contract.stubs.indexed_model_pb2 import IndexedModel, VocabularyValues
from tests.support.model_inputs import log_number, number, request_time, text, texts, vector, whole

MODEL = IndexedModel(
    vocabularies=[
        VocabularyValues(input_name="country", texts=["fr", "de"]),
        VocabularyValues(input_name="plan", integers=[7, 3]),
    ],
    utc_offset_hours=2,
)
INPUTS = [
    vector("taste", 2),
    text("country"),
    request_time(),
    number("age"),
    texts("visited", 3, vocabulary_of="country"),
    whole("plan"),
    log_number("starts"),
]


def test_indices_and_numbers_have_the_order_of_the_layout() -> None:
    """Scalars, times and lists; then numbers and vectors. Two rows, the second without a value."""
    noon = 1_700_000_000 // 86400 * 86400 + 12 * 3600
    values: dict[str, list[Any]] = {
        "taste": [[0.5, 1.5], None],
        "country": ["de", None],
        "request_time": [noon, None],
        "age": [31.0, None],
        "visited": [["fr", "xx"], None],
        "plan": [5, None],
        "starts": [4, None],
    }
    columns = {spec.name: to_column(spec, values[spec.name]) for spec in INPUTS}

    indexed = Indexer(INPUTS, MODEL)(columns, 2)

    weekday = datetime.fromtimestamp(noon, UTC).weekday()
    assert indexed.categories.tolist() == [
        [FIRST + 1, UNKNOWN, 12 + 2 + 1, weekday + 1, FIRST, UNKNOWN, MISSING],
        [MISSING] * 7,
    ]
    np.testing.assert_array_equal(indexed.numbers, np.array([[31, 4, 0.5, 1.5], [np.nan] * 4], np.float32))


def test_a_side_without_inputs_has_rows_without_columns() -> None:
    indexed = Indexer([], MODEL)({}, 3)

    assert indexed.categories.shape == (3, 0)
    assert indexed.numbers.shape == (3, 0)


@given(st.integers(-(2**31), 2**33), st.integers(-12, 14))
def test_hours_and_weekdays_are_those_of_the_local_time(seconds: int, offset_hours: int) -> None:
    local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, hours=offset_hours)

    found = time_indices(np.array([seconds, INT64_MISSING]), offset_hours * 3600)

    assert found.tolist() == [[local.hour + 1, local.weekday() + 1], [MISSING, MISSING]]


def test_texts_may_be_the_bytes_of_their_utf_8() -> None:
    indexer = Indexer([text("country")], MODEL)
    for _ in range(2):  # the second time from what the first one kept
        columns = {"country": np.array([b"de", b"", b"xx", b"\xff", "de"], dtype=object)}
        assert indexer(columns, 5).categories[:, 0].tolist() == [FIRST + 1, MISSING, UNKNOWN, UNKNOWN, FIRST + 1]
