"""How far two rankings, and two samples of scores, are from each other."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from contract.distributions import LEAST_COUNT
from server.ranking.drift import overlap_at, population_stability_index

RANKINGS = st.lists(st.sampled_from("abcdefghijklmno"), unique=True)
SAMPLES = arrays(np.float64, st.integers(LEAST_COUNT, LEAST_COUNT + 40), elements=st.integers(-20, 20))


@pytest.mark.parametrize(
    ("first", "second", "k", "overlap"),
    [
        ("abcd", "badc", 4, 1.0),
        ("abcd", "badc", 1, 0.0),
        ("abcd", "cxay", 4, 0.5),
        ("abcd", "cxay", 3, 2 / 3),
        ("abcdefghijk", "kabcdefghij", 10, 0.9),
        # Shorter than k: of the longer of the two.
        ("ab", "ba", 10, 1.0),
        ("ab", "abcd", 10, 0.5),
        ("ab", "", 10, 0.0),
        ("", "", 10, 1.0),
    ],
)
def test_the_overlap_of_two_rankings_by_hand(first: str, second: str, k: int, overlap: float) -> None:
    assert overlap_at(first, second, k) == pytest.approx(overlap)


@given(RANKINGS, RANKINGS, st.integers(1, 12))
def test_the_overlap_is_a_share_and_the_same_either_way(first: list[str], second: list[str], k: int) -> None:
    assert 0 <= overlap_at(first, second, k) == overlap_at(second, first, k) <= 1
    assert (overlap_at(first, second, k) == 1) == (set(first[:k]) == set(second[:k]))


def test_the_stability_index_by_hand() -> None:
    """The shares of five bins go from 0.2 each to 0.1, 0.2, 0.2, 0.2 and 0.3; half a value more is in each."""
    reference = np.repeat([1.0, 2, 3, 4, 5], [200, 200, 200, 200, 200])
    observed = np.repeat([1.0, 2, 3, 4, 5], [100, 200, 200, 200, 300])
    first, last = 100.5 / 1002.5, 300.5 / 1002.5
    expected = (first - 0.2) * math.log(first / 0.2) + (last - 0.2) * math.log(last / 0.2)
    assert population_stability_index(reference, observed, bins=5) == pytest.approx(expected)
    assert expected == pytest.approx(0.1 * math.log(2) + 0.1 * math.log(1.5), rel=0.01)


def test_a_bin_that_is_empty_on_one_side_leaves_the_index_finite() -> None:
    """All of 400 values of one bin of two go to the other: (400.5 - 200.5) / 401 ln(400.5 / 200.5), and back."""
    reference, observed = np.repeat([1.0, 2], 200), np.repeat([2.0], 400)
    full, empty, half = 400.5 / 401, 0.5 / 401, 0.5
    expected = (full - half) * math.log(full / half) + (empty - half) * math.log(empty / half)
    assert population_stability_index(reference, observed, bins=2) == pytest.approx(expected)


def test_equal_quantiles_make_one_bin() -> None:
    """Nine tenths of the reference are 1, the rest 2: two bins, however many were asked for."""
    reference, observed = np.repeat([1.0, 2], [900, 100]), np.repeat([1.0, 2], [200, 200])
    first, last, half = 900.5 / 1001, 100.5 / 1001, 0.5
    expected = (half - first) * math.log(half / first) + (half - last) * math.log(half / last)
    assert population_stability_index(reference, observed) == pytest.approx(expected)


def test_scores_that_were_all_equal_and_rise_have_drifted() -> None:
    same = np.full(1000, 0.5)
    assert population_stability_index(same, same) == 0
    assert population_stability_index(same, same + 0.1) > 5


@pytest.mark.parametrize("sizes", [(LEAST_COUNT - 1, 1000), (1000, LEAST_COUNT - 1), (0, 0)])
def test_too_few_values_have_no_index(sizes: tuple[int, int]) -> None:
    reference, observed = (np.arange(float(size)) for size in sizes)
    assert math.isnan(population_stability_index(reference, observed))


@given(SAMPLES)
def test_a_sample_has_not_drifted_from_itself_in_any_order(sample: NDArray[np.float64]) -> None:
    assert population_stability_index(sample, sample[::-1]) == 0


@given(SAMPLES, SAMPLES, st.integers(1, 12))
def test_the_index_is_finite_and_not_below_0(
    reference: NDArray[np.float64], observed: NDArray[np.float64], bins: int
) -> None:
    index = population_stability_index(reference, observed, bins)
    assert 0 <= index < math.inf


@given(SAMPLES, SAMPLES, st.sampled_from([lambda x: x**3 - 7, np.exp, lambda x: 1 / (1 + np.exp(-x / 4))]))
def test_the_index_is_the_same_after_a_rising_function_of_both(
    reference: NDArray[np.float64], observed: NDArray[np.float64], rising: Callable[..., NDArray[np.float64]]
) -> None:
    before = population_stability_index(reference, observed)
    assert population_stability_index(rising(reference), rising(observed)) == before


@given(st.integers(0, 2**32 - 1), st.sampled_from([-1, 1]))
def test_the_index_grows_with_a_shift(seed: int, direction: int) -> None:
    sample = np.random.default_rng(seed).normal(size=1000)
    indexes = [population_stability_index(sample, sample + direction * shift) for shift in (0, 0.2, 0.5, 1, 2)]
    assert indexes == sorted(set(indexes))


def test_samples_of_one_distribution_differ_by_chance_as_much_as_the_least_number_of_values_allows() -> None:
    random = np.random.default_rng(0)
    samples = random.normal(size=(200, 2, LEAST_COUNT))
    indexes = [population_stability_index(*pair) for pair in samples]
    assert np.mean(indexes) == pytest.approx(9 * 2 / LEAST_COUNT, rel=0.15)
