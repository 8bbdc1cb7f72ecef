import math

import pytest

from server.features.pace import Pace, lag

SLOW, FAST = 0.02, 0.001


def pace(late: float = 0.0, slow_seconds: float = 0.005) -> Pace:
    return Pace(slow_seconds, lambda: late)


@pytest.mark.parametrize(
    ("reads", "found"),
    [
        ([SLOW, SLOW, SLOW], [False, False, True]),
        ([SLOW, FAST, SLOW, FAST, SLOW], [False, False, False, False, True]),
        ([SLOW, SLOW, *[FAST] * 9, SLOW], [False] * 12),
        ([SLOW] * 6, [False, False, True, False, False, True]),
    ],
)
def test_a_store_is_slow_after_three_slow_reads_of_ten(reads: list[float], found: list[bool]) -> None:
    told = pace()
    assert [told.note(seconds, 1) for seconds in reads] == found


def test_many_members_may_take_longer() -> None:
    assert not pace().is_fast(SLOW, 1)
    assert pace().is_fast(SLOW, 64)


def test_a_read_is_not_slow_where_the_process_is() -> None:
    late = pace(late=0.004)
    assert not any(late.note(SLOW, 1) for _ in range(20))


def test_of_other_stores_nobody_knows_what_is_slow() -> None:
    assert pace(slow_seconds=math.inf).is_fast(1e3, 1)


def test_a_nap_is_never_early() -> None:
    assert lag() >= 0
