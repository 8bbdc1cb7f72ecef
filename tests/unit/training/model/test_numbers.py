import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.support.model_inputs import log_number, number, vector
from training.model.numbers import NumberEncoder, VectorEncoder, quantile_boundaries

pytestmark = pytest.mark.slow

NAN = float("nan")


def _floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_numbers_are_standardised_and_missing_ones_take_the_mean_and_raise_a_mask() -> None:
    columns = {"age": _floats(20, 40, NAN)}  # mean 30, standard deviation 10
    encode = NumberEncoder([number("age")], columns, bucket_count=2)

    numbers = encode({"age": _floats(20, 50, NAN, np.inf)}).numbers

    assert numbers.numpy().tolist() == [[-1, 0], [2, 0], [0, 1], [0, 1]]


def test_a_missing_number_takes_the_default() -> None:
    encode = NumberEncoder([number("age", default_number=45)], {"age": _floats(20, 40)}, bucket_count=2)

    assert encode({"age": _floats(NAN)}).numbers.numpy().tolist() == [[1.5, 1]]


def test_a_log_is_taken_before_standardising_and_of_the_default() -> None:
    columns = {"count": _floats(0, math.e**2 - 1)}  # logs 0 and 2: mean 1, standard deviation 1
    encode = NumberEncoder([log_number("count", default_number=0)], columns, bucket_count=2)

    numbers = encode({"count": _floats(0, math.e - 1, -5, NAN)}).numbers

    np.testing.assert_allclose(numbers, [[-1, 0], [0, 0], [-1, 0], [-1, 1]], atol=1e-6)


def test_an_outlier_is_cut() -> None:
    encode = NumberEncoder([number("age")], {"age": _floats(0, 2)}, bucket_count=2)

    assert encode({"age": _floats(1e30, -1e30)}).numbers.numpy()[:, 0].tolist() == [10, -10]


@pytest.mark.parametrize(
    "column", [_floats(NAN, NAN), _floats(7, 7), _floats(0.1, 0.1, 0.1), np.empty(0, np.float32)]
)
def test_a_constant_or_empty_column_gives_finite_numbers(column: np.ndarray) -> None:
    encode = NumberEncoder([number("a"), log_number("b")], {"a": column, "b": column}, bucket_count=3)

    encoded = encode({"a": _floats(7, NAN, 0), "b": _floats(7, NAN, 0)})

    assert np.isfinite(encoded.numbers).all()
    sizes = [feature.size for feature in encode.features]
    assert (encoded.categories.numpy() < sizes).all()


def test_buckets_of_several_numbers_and_one_of_its_own_for_missing() -> None:
    columns = {"few": _floats(1, 1, 5), "many": _floats(*range(100))}
    encode = NumberEncoder([number("few"), number("many")], columns, bucket_count=4)

    encoded = encode({"few": _floats(1, 5, NAN, 0, 9), "many": _floats(0, 30, 60, 99, NAN)})

    assert [feature.size for feature in encode.features] == [3, 5]
    assert encoded.categories.numpy().tolist() == [[1, 1], [2, 2], [0, 3], [1, 4], [2, 0]]


@given(arrays(np.float32, st.integers(1, 60), elements=st.floats(-1e6, 1e6, width=32)), st.integers(2, 12))
def test_boundaries_rise_and_leave_no_bucket_empty(column: np.ndarray, bucket_count: int) -> None:
    boundaries = quantile_boundaries(column, bucket_count)

    buckets = np.searchsorted(boundaries, column, side="right")
    assert (np.diff(boundaries) > 0).all()
    assert set(buckets) == set(range(len(boundaries) + 1))
    assert len(boundaries) < bucket_count


def test_a_vector_is_standardised_by_position_and_has_one_mask() -> None:
    columns = {"taste": np.array([[0, 10], [2, 30], [NAN, NAN]], np.float32)}
    encode = VectorEncoder(vector("taste", 2), columns)

    encoded = encode({"taste": np.array([[2, 20], [NAN, 40], [NAN, NAN]], np.float32)})

    assert encoded.numbers.numpy().tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 1]]
    assert encoded.categories.shape == (3, 0)
    assert encode.number_names == ["taste.0", "taste.1", "taste.missing"]
