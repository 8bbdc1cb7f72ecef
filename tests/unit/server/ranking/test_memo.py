"""Remembering what was computed from an object."""

from server.ranking.memo import PerObject


class Thing:
    __hash__ = None  # type: ignore[assignment]


def test_it_computes_once_for_each_object_and_forgets_the_oldest() -> None:
    computed: list[Thing] = []

    def compute(thing: Thing) -> int:
        computed.append(thing)
        return len(computed)

    memo = PerObject(compute, size=2)
    first, second, third = Thing(), Thing(), Thing()
    assert [memo(first), memo(first), memo(second), memo(third), memo(third)] == [1, 1, 2, 3, 3]
    assert memo(first) == 4
    assert memo(third) == 3
