import asyncio
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.domain.errors import StoreUnavailable
from server.domain.patience import seconds_given
from server.domain.requests import RequestContext
from server.ranking.batches import Batches, Ranked
from server.ranking.inputs import InputReader
from server.ranking.ports import Columns
from tests.support.fakes import FakeMembers, FakeModels, snapshot

CLASS_IDS = [f"c{place}" for place in range(6)]
EVERYTHING = np.ones(len(CLASS_IDS), np.bool_)


class ScoringModels(FakeModels):
    """Scores classes by the member's own number, and can be held up."""

    def __init__(self) -> None:
        super().__init__(snapshot(CLASS_IDS))
        self.gate = asyncio.Event()
        self.gate.set()
        self.under_way = 0
        self.most_under_way = 0
        self.given: list[float] = []
        self.cancelled = 0

    async def wait(self) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        self.given.append(seconds_given.get())
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.under_way -= 1

    def score(self, columns: Columns) -> NDArray[np.float32]:
        members = [int(member.removeprefix("m")) for member in columns["member_id"]]
        return np.array([_scores_of(member) for member in members], np.float32)


def _scores_of(member: int) -> list[float]:
    scores: list[float] = np.random.default_rng(member).permutation(len(CLASS_IDS)).tolist()
    return scores


class Site:
    def __init__(self, members: FakeMembers | None = None, rows_at_once: int = 1000) -> None:
        self.models = ScoringModels()
        self.models.before_rank = self.models.wait
        self.models.score_rows = self.models.score
        reader = InputReader(members or FakeMembers(), lambda: 0.0)
        self.models.rows_at_once = rows_at_once
        self.batches = Batches(reader)

    async def rank(
        self,
        member: int,
        candidates: NDArray[np.bool_] = EVERYTHING,
        count: int = 3,
        *,
        is_bulk: bool = False,
    ) -> Ranked:
        with self.models.lease(f"m{member}") as lease:
            return await self.batches.rank(
                lease, f"m{member}", RequestContext(), candidates, count, is_bulk=is_bulk
            )

    async def start(self, members: Sequence[int], *, is_bulk: bool = False) -> list[asyncio.Task[Ranked]]:
        """Asks for members, one after the other, and returns once all are in a call or wait for one."""
        tasks = []
        for member in members:
            tasks.append(asyncio.create_task(self.rank(member, is_bulk=is_bulk)))
            for _ in range(8):
                await asyncio.sleep(0)
        return tasks

    @property
    def members(self) -> list[list[str]]:
        """The members of each call."""
        return [columns["member_id"].tolist() for columns in self.models.ranked]

    @property
    def sizes(self) -> list[int]:
        """How many members each call was for."""
        return [len(columns["member_id"]) for columns in self.models.ranked]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6), st.integers(0, 63), st.integers(0, 3)), max_size=30),
    st.integers(1, 40),
)
def test_everybody_gets_the_answer_to_their_own_question(
    questions: list[tuple[int, int, int, int]], rows_at_once: int
) -> None:
    """Whatever comes together, in whatever order, with whatever candidates."""

    async def ask_all() -> list[Ranked]:
        site = Site(rows_at_once=rows_at_once)

        async def ask(member: int, count: int, bits: int, delay: int) -> Ranked:
            for _ in range(delay):
                await asyncio.sleep(0)
            return await site.rank(member, _mask(bits), min(count, max(1, bits.bit_count())))

        return await asyncio.gather(*(ask(*question) for question in questions))

    for (member, count, bits, _), ranked in zip(questions, asyncio.run(ask_all()), strict=True):
        scores = _scores_of(member)
        expected = sorted(np.flatnonzero(_mask(bits)).tolist(), key=lambda place: -scores[place])[:count]
        found = [place for place in ranked.positions.tolist() if place >= 0]
        assert found == expected[: len(ranked.positions)]
        assert len(ranked.positions) == min(count, max(1, bits.bit_count()))


def _mask(bits: int) -> NDArray[np.bool_]:
    return np.array([bits >> place & 1 for place in range(len(CLASS_IDS))], np.bool_)


async def test_a_request_alone_is_ranked_at_once() -> None:
    site = Site()

    await site.rank(1)
    await site.rank(2)

    assert site.sizes == [1, 1]


async def test_those_that_come_while_a_call_is_under_way_share_the_next() -> None:
    site = Site()
    site.models.gate.clear()

    tasks = await site.start(range(7))
    site.models.gate.set()
    await asyncio.gather(*tasks)

    assert site.sizes == [1, 6]
    assert site.models.most_under_way == 1


async def test_no_call_has_more_rows_than_it_may() -> None:
    site = Site(rows_at_once=2 * len(CLASS_IDS) + 1)
    site.models.gate.clear()

    tasks = await site.start(range(7))
    site.models.gate.set()
    await asyncio.gather(*tasks)

    assert site.sizes == [1, 2, 2, 2]


async def test_requests_in_bulk_wait_for_those_of_others() -> None:
    site = Site()
    site.models.gate.clear()

    tasks = await site.start([1, 2, 3], is_bulk=True)
    tasks += await site.start([4, 5])
    site.models.gate.set()
    await asyncio.gather(*tasks)

    assert site.members == [["m1"], ["m4", "m5"], ["m2", "m3"]]


async def test_who_gave_up_while_they_waited_is_in_no_call() -> None:
    site = Site()
    site.models.gate.clear()
    tasks = await site.start(range(5))

    tasks[3].cancel()
    site.models.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert [m for columns in site.models.ranked for m in columns["member_id"]] == ["m0", "m1", "m2", "m4"]


async def test_a_call_is_given_up_when_nobody_waits_for_it_any_more() -> None:
    site = Site()
    site.models.gate.clear()
    tasks = await site.start([1])

    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)

    assert site.models.cancelled == 1
    site.models.gate.set()
    assert (await site.rank(2)).positions.size == 3


async def test_a_call_has_the_patience_of_its_most_patient_caller() -> None:
    site = Site()
    site.models.gate.clear()

    async def ask(member: int, seconds: float) -> Ranked:
        seconds_given.set(seconds)
        return await site.rank(member)

    first = await site.start([0])
    others = [asyncio.create_task(ask(2, 0.5)), asyncio.create_task(ask(3, 2.0))]
    await asyncio.sleep(0)
    site.models.gate.set()
    await asyncio.gather(*first, *others)

    assert site.models.given[-1] == 2.0


async def test_a_failure_is_that_of_all_who_share_the_call() -> None:
    site = Site(FakeMembers(failure=StoreUnavailable("the online store could not be read")))

    found = await asyncio.gather(*(site.rank(member) for member in range(4)), return_exceptions=True)

    assert [type(error) for error in found] == [StoreUnavailable] * 4
    assert site.models.leases == 0


async def test_requests_of_other_leases_are_in_other_calls() -> None:
    site, arms = Site(), ("stable", "canary")
    site.models.gate.clear()

    async def ask(arm: str) -> Ranked:
        with site.models.lease("m1") as lease:
            lease.arm = arm
            return await site.batches.rank(lease, "m1", RequestContext(), EVERYTHING, 3)

    tasks = [asyncio.create_task(ask(arm)) for arm in arms * 3]
    await asyncio.sleep(0)
    site.models.gate.set()
    await asyncio.gather(*tasks)

    assert sorted(site.sizes) == [3, 3]
