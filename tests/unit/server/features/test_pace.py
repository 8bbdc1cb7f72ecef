import math

import pytest

from server.features.pace import USUAL_TIMES, Pace

SLOW, FAST = 0.02, 0.001
AWAY = 0.012
"""What reads of a store in another region take, all of them."""


def pace(late: float = 0.0, slow_seconds: float = 0.005) -> Pace:
    """Returns the pace of a store that was fast once."""
    made = Pace(slow_seconds, lambda: late)
    assert not made.note(FAST, 1)
    return made


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


def test_a_store_that_always_takes_longer_is_not_slow_until_it_takes_several_times_as_long() -> None:
    away = Pace(0.005, lambda: 0.0)
    assert not any(away.note(AWAY, 1) for _ in range(20))
    assert away.is_fast(USUAL_TIMES * AWAY, 1)
    assert [away.note(4 * AWAY, 1) for _ in range(3)] == [False, False, True]
    assert not away.is_fast(4 * AWAY, 1)
    assert away.is_fast(AWAY, 1)
