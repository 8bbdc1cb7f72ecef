"""What holds of the checks of scores, whatever the scores are."""

from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from server.domain.versions import RefusalReason, Refused
from server.models.scores import Scores, check_ranking, check_scores, check_varied, falling

TOLERANCE = 1 / 64
EXPECTED = arrays(np.float32, st.integers(1, 12), elements=st.floats(0, 1, width=32))
"""Some scores, often equal or nearly so."""


def noise(size: int) -> st.SearchStrategy[NDArray[np.float32]]:
    """Draws what each score may be off by, a little less than the tolerance as float32 rounds."""
    return arrays(np.float32, size, elements=st.integers(-9, 9).map(lambda part: part / 640))


def ranked(scores: Scores, count: int) -> tuple[Scores, NDArray[np.int32]]:
    places = np.argsort(-scores, kind="stable")[:count].astype(np.int32)
    return scores[places], places


@given(data=st.data(), expected=EXPECTED)
def test_a_model_that_is_off_by_less_than_the_tolerance_passes_however_it_ranks_near_ties(
    data: st.DataObject, expected: Scores
) -> None:
    found = expected + data.draw(noise(expected.size))
    check_scores("it", found, expected, TOLERANCE)
    count = data.draw(st.integers(1, expected.size))
    check_ranking(*ranked(found, count), expected, TOLERANCE)


@given(data=st.data(), expected=EXPECTED)
def test_a_score_that_is_off_by_more_is_refused(data: st.DataObject, expected: Scores) -> None:
    found = expected.copy()
    found[data.draw(st.integers(0, expected.size - 1))] += np.float32(1 / 32)
    with pytest.raises(Refused) as refused:
        check_scores("it", found, expected, TOLERANCE)
    assert refused.value.reason is RefusalReason.GOLDEN_MISMATCH


@given(data=st.data(), expected=EXPECTED)
def test_a_page_without_a_class_that_is_clearly_better_is_refused(data: st.DataObject, expected: Scores) -> None:
    scores, places = ranked(expected, expected.size)
    left_out = data.draw(st.integers(0, expected.size - 1))
    assume(scores[left_out] - scores[-1] > 3 * TOLERANCE)
    kept = [place for place in range(expected.size) if place != left_out]
    with pytest.raises(Refused) as refused:
        check_ranking(scores[kept], places[kept], expected, TOLERANCE)
    assert refused.value.reason is RefusalReason.RANKING_MISMATCH


def test_a_page_is_held_to_what_it_leaves_out_not_place_by_place() -> None:
    """Here each place has a class that is worse by no more than may be, and the best one is missing."""
    expected = np.array([4, 2, 0], np.float32) * TOLERANCE
    with pytest.raises(Refused, match=r"finds the scores 0\.03125, 0, expected the best: 0\.0625, 0\.03125"):
        check_ranking(expected[1:], np.array([1, 2], np.int32), expected, TOLERANCE)


@given(data=st.data(), expected=EXPECTED)
def test_the_right_scores_for_the_wrong_classes_are_another_ranking(data: st.DataObject, expected: Scores) -> None:
    scores, places = ranked(expected, expected.size)
    shuffled = np.array(data.draw(st.permutations(places.tolist())), dtype=np.int32)
    assume(np.any(np.abs(expected[shuffled] - scores) > 2 * TOLERANCE))
    with pytest.raises(Refused) as refused:
        check_ranking(scores, shuffled, expected, TOLERANCE)
    assert refused.value.reason is RefusalReason.RANKING_MISMATCH


@pytest.mark.parametrize(("apart", "is_refused"), [(1.8, False), (2.2, True)])
def test_a_page_may_lack_a_class_that_is_better_by_twice_the_tolerance(apart: float, *, is_refused: bool) -> None:
    expected = np.array([0.5, 0.5 + apart * TOLERANCE], dtype=np.float32)
    found = np.array([0.5 + 0.9 * TOLERANCE], dtype=np.float32)
    with pytest.raises(Refused, match="expected the best") if is_refused else nullcontext():
        check_ranking(found, np.array([0], dtype=np.int32), expected, TOLERANCE)


def test_scores_that_rise_by_a_rounding_are_made_to_fall_and_refused_otherwise() -> None:
    half = np.float32(0.5)
    found = np.array([half, np.nextafter(half, np.float32(1))], np.float32)
    places = np.array([0, 1], np.int32)

    below_none = np.array([[*found, -3, -1]], np.float32)
    assert falling(below_none, np.array([[0, 1, 2, -1]], np.int32)).tolist() == [[half, half, -3, -1]]
    check_ranking(falling(found[np.newaxis], places[np.newaxis])[0], places, found, TOLERANCE)
    with pytest.raises(Refused, match="do not fall"):
        check_ranking(found, places, found, TOLERANCE)


def test_a_tolerance_that_is_no_number_accepts_nothing() -> None:
    scores = np.array([0.5, 0.5], dtype=np.float32)
    with pytest.raises(Refused):
        check_scores("it", scores, scores, float("nan"))


@pytest.mark.parametrize("scores", [[0.5], [0.5, 0.5, 0.50001]])
def test_a_single_score_is_not_constant_and_a_small_difference_is_one(scores: list[float]) -> None:
    check_varied(np.array(scores, dtype=np.float32))


def test_several_scores_that_are_equal_are_constant() -> None:
    with pytest.raises(Refused, match=r"all 2 golden scores are 0\.5, expected different ones") as refused:
        check_varied(np.array([0.5, 0.5], dtype=np.float32))
    assert refused.value.reason is RefusalReason.SCORES_CONSTANT
