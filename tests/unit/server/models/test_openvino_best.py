import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from server.models.openvino.best import NONE, best_of, preselect

LOGITS = st.sampled_from([-np.inf, -1.5, -0.5, 0.0, 0.25, 3.0])


@given(st.data())
def test_the_best_come_first_and_equals_in_order_of_position(data: st.DataObject) -> None:
    shape = data.draw(array_shapes(min_dims=2, max_dims=2, max_side=40))
    logits: NDArray[np.float32] = data.draw(arrays(np.float32, shape, elements=LOGITS))
    count = data.draw(st.integers(1, shape[1]))

    scores, positions = best_of(logits, logits * 2, count)

    for row, found, places in zip(logits, scores, positions, strict=True):
        expected = sorted((place for place in range(len(row)) if row[place] > -np.inf), key=lambda p: (-row[p], p))
        kept = expected[:count]
        rest = count - len(kept)
        assert places.tolist() == kept + [NONE] * rest
        assert found.tolist() == [2 * row[place] for place in kept] + [NONE] * rest


@given(st.data())
def test_the_best_candidates_are_preselected_and_of_equals_the_first(data: st.DataObject) -> None:
    shape = data.draw(array_shapes(min_dims=2, max_dims=2, max_side=40))
    logits: NDArray[np.float32] = data.draw(arrays(np.float32, shape, elements=LOGITS))
    candidates: NDArray[np.bool_] = data.draw(arrays(np.bool_, shape))
    count = data.draw(st.integers(1, shape[1]))

    found = preselect(logits, candidates, count)

    masked = np.where(candidates, logits, -np.inf)
    for row, places in zip(masked, found, strict=True):
        assert places.tolist() == sorted(sorted(range(len(row)), key=lambda p: (-row[p], p))[:count])


@given(
    size=st.integers(32, 700),
    count=st.integers(1, 20),
    values=st.integers(1, 1000),
    share=st.sampled_from([0.9, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_few_of_many_candidates_are_preselected_as_if_all_were_sorted(
    size: int, count: int, values: int, share: float, seed: int
) -> None:
    """Whether many are equal or none, and where all are candidates or some are not."""
    rng = np.random.default_rng(seed)
    logits = rng.integers(0, values, (1, size)).astype(np.float32)
    candidates = rng.random((1, size)) < share

    found = preselect(logits, candidates, count)

    masked = np.where(candidates, logits, -np.inf)
    np.testing.assert_array_equal(found[0], np.sort(np.argsort(-masked[0], kind="stable")[:count]))
