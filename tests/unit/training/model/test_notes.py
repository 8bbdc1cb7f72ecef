import numpy as np

from tests.support.model_inputs import number, text, texts, vector, whole
from training.model.notes import row_notes
from training.model.spec import ModelSpec

SPEC = ModelSpec(batch_size=4, min_count=2)
NAN = float("nan")


def _objects(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


def test_usual_columns_have_no_notes() -> None:
    inputs = [number("age"), text("city"), texts("genres", 2), whole("plan"), text("home", vocabulary_of="city")]
    columns = {
        "age": np.array([1, 2, NAN, 1], np.float32),
        "city": _objects("a", "a", "b", "b"),
        "genres": np.array([["x", "y"], ["x", "y"], ["", ""], ["", ""]], dtype=object),
        "plan": np.array([1, 1, 2, 2]),
        "home": _objects("a", "b", "c", "d"),
    }

    assert list(row_notes(inputs, columns, 4, SPEC)) == []


def test_columns_of_no_value_or_a_single_one_are_named() -> None:
    inputs = [number("age"), text("city"), vector("taste", 2), number("size"), whole("plan")]
    columns = {
        "age": np.full(4, NAN, np.float32),
        "city": _objects("", "", "", ""),
        "taste": np.full((4, 2), NAN, np.float32),
        "size": np.array([3, NAN, 3, 3], np.float32),
        "plan": np.array([5, 5, np.iinfo(np.int64).min, 5]),
    }

    notes = list(row_notes(inputs, columns, 4, SPEC))

    for note, name in zip(notes[:3], ("age", "city", "taste"), strict=True):
        assert note.startswith(f"input '{name}' has no value in the training rows")
    assert notes[3] == "input 'size' has the single value 3.0 in the training rows"
    assert notes[4] == "input 'plan' has the single value 5 in the training rows"


def test_a_vocabulary_of_one_value_is_named() -> None:
    columns = {"city": _objects("a", "a", "b", "c"), "id": _objects("1", "2", "3", "4")}

    assert list(row_notes([text("city"), text("id")], columns, 4, SPEC)) == [
        "input 'city' has 3 values, of which 1 occurs model.min_count, 2, times",
        "input 'id' has 4 values, of which 0 occur model.min_count, 2, times",
    ]


def test_fewer_rows_than_a_batch_are_told() -> None:
    notes = list(row_notes([number("age")], {"age": np.array([1, 2, 3], np.float32)}, 3, SPEC))

    assert notes == ["there are 3 training rows, fewer than model.batch_size, 4: every epoch is one step"]
