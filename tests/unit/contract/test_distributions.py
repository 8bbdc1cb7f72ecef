"""How far one distribution is from another."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.columns import INT64_MISSING, to_column
from contract.distributions import InputTally, jensen_shannon, profile_shares, stability_index
from contract.stubs import manifest_pb2 as pb
from tests.support.model_inputs import number, text, texts

BINS = 5
SHARES = st.lists(st.integers(0, 20), min_size=BINS, max_size=BINS).filter(any).map(lambda c: np.array(c) / sum(c))
ORDERS = st.permutations(range(BINS))


@given(SHARES, SHARES, ORDERS)
def test_both_distances_are_0_for_equals_symmetric_bounded_and_blind_to_order(
    first: Sequence[float], second: Sequence[float], order: list[int]
) -> None:
    ones, others = np.asarray(first), np.asarray(second)
    for distance, most in ((stability_index, 2 * math.log(1e4)), (jensen_shannon, 1.0)):
        assert distance(ones, ones) == pytest.approx(0, abs=1e-12)
        assert distance(ones, others) == pytest.approx(distance(others, ones), abs=1e-12)
        assert 0 <= distance(ones, others) <= most
        assert distance(ones[order], others[order]) == pytest.approx(distance(ones, others), abs=1e-9)
        assert (distance(ones, others) < 1e-9) == np.allclose(ones, others)


def test_the_distances_by_hand() -> None:
    assert stability_index([0.5, 0.5], [0.7, 0.3]) == pytest.approx(0.2 * math.log(1.4) - 0.2 * math.log(0.6))
    assert jensen_shannon([1.0, 0.0], [0.0, 1.0]) == 1
    expected = (math.log2(4 / 3) + 0.5 * math.log2(2 / 3) + 0.5 * math.log2(2)) / 2
    assert jensen_shannon([1.0, 0.0], [0.5, 0.5]) == pytest.approx(expected)


def test_numbers_are_counted_between_the_edges_of_the_profile() -> None:
    profile = pb.InputProfile(input_name="a", missing_share=0.5, edges=[1.0, 2.0], shares=[0.25, 0.5, 0.25])
    tally = InputTally(number("a"), profile)
    assert profile_shares(profile) == [0.5, 0.125, 0.25, 0.125]
    tally.add(to_column(number("a"), [None, None, None, None, 0.5, 1.0, 1.5, 2.0]))
    assert (tally.count, tally.missing_share) == (8, 0.5)
    assert (tally.stability_index(), tally.jensen_shannon()) == pytest.approx((0, 0), abs=1e-12)
    tally.add(to_column(number("a"), [3.0] * 8))
    assert tally.stability_index() > 0.25


def test_values_are_counted_by_name_and_a_list_is_missing_only_as_a_whole() -> None:
    profile = pb.InputProfile(input_name="a", values=["x", "y"], shares=[0.5, 0.25, 0.25], missing_share=0.25)
    tally = InputTally(texts("a", 2), profile)
    tally.add(to_column(texts("a", 2), [["x", "z"], ["x"], ["y"], []]))
    assert tally.missing_share == 0.25
    assert tally.stability_index() == pytest.approx(0, abs=1e-12)


def test_whole_numbers_that_are_names_are_counted_by_their_text() -> None:
    spec = pb.Input(name="a", data_type=pb.DATA_TYPE_INT64, encoding=pb.ENCODING_VOCABULARY)
    tally = InputTally(spec, pb.InputProfile(values=["7"], shares=[1.0, 0.0]))
    tally.add(np.array([7, 7, INT64_MISSING, 7]))
    assert tally.missing_share == 0.25


def test_what_was_halved_weighs_half() -> None:
    tally = InputTally(text("a"), pb.InputProfile(values=["x"], shares=[1.0, 0.0]))
    tally.add(to_column(text("a"), [None] * 4))
    tally.halve()
    tally.add(to_column(text("a"), ["x"] * 2))
    assert (tally.count, tally.missing_share) == (4, 0.5)


def test_nothing_counted_is_told_as_nothing() -> None:
    tally = InputTally(text("a"), pb.InputProfile(values=["x"], shares=[1.0, 0.0]))
    assert (tally.count, tally.missing_share) == (0, 0)
