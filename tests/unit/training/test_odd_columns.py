from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.columns import INT64_MISSING
from contract.stubs import manifest_pb2 as pb
from training.odd_columns import row_warnings
from training.table import Table

NUMBER = pb.Input(name="it", data_type=pb.DATA_TYPE_FLOAT64, encoding=pb.ENCODING_NUMERIC)
TEXT = pb.Input(name="it", data_type=pb.DATA_TYPE_STRING, encoding=pb.ENCODING_VOCABULARY)
ID = pb.Input(name="it", data_type=pb.DATA_TYPE_INT64, encoding=pb.ENCODING_VOCABULARY)
TEXTS = pb.Input(name="it", data_type=pb.DATA_TYPE_STRING_LIST, encoding=pb.ENCODING_VOCABULARY, list_length=2)
NAN = float("nan")


def _warnings(spec: pb.Input, column: NDArray[Any]) -> tuple[str, ...]:
    return row_warnings([spec], Table({"it": column}, np.zeros(len(column), np.float32)))


@pytest.mark.parametrize(
    ("spec", "column"),
    [
        (NUMBER, np.full(3, NAN, np.float32)),
        (TEXT, np.array(["", ""], object)),
        (ID, np.array([INT64_MISSING])),
        (TEXTS, np.full((2, 2), "", object)),
    ],
)
def test_a_column_without_a_value_is_named(spec: pb.Input, column: NDArray[Any]) -> None:
    assert _warnings(spec, column) == (
        "Input 'it' has no value in any row trained on, so the model learns nothing of it.",
    )


@pytest.mark.parametrize(
    ("spec", "column", "value"),
    [
        (NUMBER, np.array([0.5, NAN, 0.5], np.float32), "0.5"),
        (TEXT, np.array(["a", "", "a"], object), "'a'"),
        (ID, np.array([7, 7]), "7"),
        (TEXTS, np.array([["a", ""], ["a", "a"]], object), "'a'"),
    ],
)
def test_a_column_of_one_value_is_named(spec: pb.Input, column: NDArray[Any], value: str) -> None:
    assert _warnings(spec, column) == (
        f"Input 'it' has the one value {value} in all rows trained on that have any.",
    )


def test_two_values_are_enough_wherever_they_are() -> None:
    column = np.zeros(200_000, np.float32)
    column[-1] = 1

    assert _warnings(NUMBER, column) == ()


def test_what_was_odd_when_the_rows_were_read_is_told_too() -> None:
    table = Table({"it": np.array([1, 2])}, np.zeros(2, np.float32), warnings=("Odd.",))

    assert row_warnings([ID], table) == ("Odd.",)
