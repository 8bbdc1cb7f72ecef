"""What is answered without the model, as a table."""

import numpy as np
import pytest

from server.domain.results import ServingMode
from server.ranking.last_resorts import choose_last_resort, popularity
from server.ranking.ports import RankedList
from tests.support.fakes import snapshot

BATCH, POPULAR = ServingMode.BATCH_SCORED, ServingMode.POPULAR
CLASSES = snapshot(["a", "b", "c", "d"], {"minutes": [10, None, 30, 10], "title": ["A", "B", "C", "D"]})
BEST = RankedList(["d", "gone", "b", "a"], [0.75, 0.5, 0.5, 0.25], 7)


@pytest.mark.parametrize(
    ("ranked", "feature", "allowed", "count", "expected"),
    [
        (BEST, "minutes", "abcd", 9, (BATCH, "dba", [0.75, 0.5, 0.25], 7)),
        (BEST, "minutes", "abcd", 2, (BATCH, "db", [0.75, 0.5], 7)),
        (BEST, "minutes", "ac", 9, (BATCH, "a", [0.25], 7)),
        (BEST, "minutes", "c", 9, (POPULAR, "c", [30], None)),
        (BEST, "", "c", 9, None),
        (None, "minutes", "abcd", 9, (POPULAR, "cadb", [30, 10, 10, 0], None)),
        (None, "minutes", "bd", 1, (POPULAR, "d", [10], None)),
        (None, "minutes", "", 0, (POPULAR, "", [], None)),
        (None, "title", "abcd", 9, None),
        (None, "unknown", "abcd", 9, None),
    ],
)
def test_the_list_of_the_member_comes_first_and_then_what_is_popular(
    ranked: RankedList | None, feature: str, allowed: str, count: int, expected: tuple[object, ...] | None
) -> None:
    mask = np.isin(CLASSES.class_ids, list(allowed))

    found = choose_last_resort(ranked, popularity(CLASSES, feature), CLASSES, mask, count)

    if expected is None:
        assert found is None
        return
    assert found is not None
    ids = "".join(CLASSES.class_ids[place] for place in found.positions)
    assert (found.mode, ids, found.scores.tolist(), found.version) == expected
