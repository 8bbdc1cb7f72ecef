"""Rows of several requests share a call, and none notices another."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.domain.errors import RunnerLost
from server.domain.signatures import Signature, Tensors, TensorSpec
from server.models.ports import CallFailed
from server.models.row_batches import CALLS_AT_ONCE, RowBatches, have_rows

BAD = -1.0
SIGNATURE = Signature({"x": TensorSpec("float32"), "name": TensorSpec("string")}, {"score": TensorSpec("float32")})


class Doubling:
    """A model that doubles, and can be held up; `BAD` is no number for it."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.calls: list[list[float]] = []
        self.cancelled = 0

    async def run(self, tensors: Tensors) -> Tensors:
        self.calls.append(tensors["x"].tolist())
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if BAD in tensors["x"]:
            raise CallFailed("bad")
        return {"score": tensors["x"] * 2}


def rows(*values: float) -> dict[str, NDArray[Any]]:
    return {"x": np.array(values, np.float32)}


async def start(batches: RowBatches, *requests: Tensors) -> Sequence["asyncio.Task[Tensors]"]:
    tasks = [asyncio.create_task(batches.run(request)) for request in requests]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def scores(tasks: Sequence["asyncio.Task[Tensors]"]) -> list[list[float]]:
    return [(await task)["score"].tolist() for task in tasks]


async def test_a_lone_request_is_run_at_once_with_its_own_tensors() -> None:
    model = Doubling()
    model.gate.set()
    assert await scores(await start(RowBatches(model.run), rows(1, 2))) == [[2, 4]]
    assert model.calls == [[1, 2]]


async def test_requests_that_come_while_all_calls_are_under_way_share_the_next() -> None:
    model = Doubling()
    batches = RowBatches(model.run)
    first = [task for value in range(CALLS_AT_ONCE) for task in await start(batches, rows(value))]
    others = await start(batches, rows(5, 6), rows(7))
    assert len(model.calls) == CALLS_AT_ONCE
    model.gate.set()
    assert await scores([*first, *others]) == [[0], [2], [10, 12], [14]]
    assert model.calls[CALLS_AT_ONCE:] == [[5, 6, 7]]


async def test_a_call_has_no_more_rows_than_it_may_but_for_a_request_that_has_them_alone() -> None:
    model = Doubling()
    model.gate.set()
    tasks = await start(RowBatches(model.run, rows_at_once=3), rows(1, 2), rows(3), rows(4, 5, 6, 7), rows(8))
    assert await scores(tasks) == [[2, 4], [6], [8, 10, 12, 14], [16]]
    assert model.calls == [[1, 2, 3], [4, 5, 6, 7], [8]]


async def test_a_request_that_fails_fails_alone() -> None:
    model = Doubling()
    model.gate.set()
    good, bad, other = await start(RowBatches(model.run), rows(1), rows(BAD), rows(2))
    assert await scores([good, other]) == [[2], [4]]
    with pytest.raises(CallFailed, match="bad"):
        await bad


async def test_all_requests_of_a_call_hear_that_the_runner_is_lost() -> None:
    async def lost(_: Tensors) -> Tensors:
        raise RunnerLost("gone")

    for task in await start(RowBatches(lost), rows(1), rows(2)):
        with pytest.raises(RunnerLost):
            await task


async def test_a_call_that_nobody_waits_for_is_given_up_and_who_gave_up_is_left_out() -> None:
    model = Doubling()
    batches = RowBatches(model.run)
    shared = await start(batches, rows(1), rows(2))
    kept = await start(batches, rows(3))
    gone, last = await start(batches, rows(4), rows(5))
    for task in (*shared, gone):
        task.cancel()
    model.gate.set()
    assert await scores([*kept, last]) == [[6], [10]]
    assert model.cancelled == 1
    assert model.calls == [[1, 2], [3], [5]]


@settings(max_examples=50, deadline=None)
@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=30), rows_at_once=st.integers(1, 12))
def test_everyone_gets_the_answer_that_they_would_get_alone(sizes: list[int], rows_at_once: int) -> None:
    async def ask_all() -> None:
        model = Doubling()
        requests = [rows(*range(place, place + size)) for place, size in enumerate(sizes)]
        tasks = await start(RowBatches(model.run, rows_at_once), *requests)
        model.gate.set()
        assert await scores(tasks) == [(request["x"] * 2).tolist() for request in requests]

    asyncio.run(ask_all())


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        ({"x": np.zeros(2), "name": np.zeros((2, 3))}, True),
        ({"x": np.zeros(2), "name": np.zeros(3)}, False),
        ({"x": np.zeros(0), "name": np.zeros(0)}, False),
        ({"x": np.zeros(()), "name": np.zeros(())}, False),
        ({"x": np.zeros(2)}, False),
    ],
)
def test_only_tensors_with_the_same_number_of_rows_have_rows(
    tensors: Mapping[str, NDArray[Any]], *, expected: bool
) -> None:
    assert have_rows(SIGNATURE, tensors) is expected
