"""One call for several who ask, without ever waiting for more of them.

A call is made as soon as one may be, for all that have been asked by then: alone a question is answered at once,
and under load those that come meanwhile share the next call.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.domain.patience import seconds_given

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class _Call:
    """Does not know who asked: what knows each other is left to the garbage collector, for which all stops."""

    task: asyncio.Task[None]
    waiting: int

    def give_up(self) -> None:
        self.waiting -= 1
        if not self.waiting:
            self.task.cancel()


@dataclass(slots=True, eq=False)
class _Asked(Generic[Question, Answer]):
    question: Question
    weight: int
    seconds_given: float
    answer: asyncio.Future[Answer]
    call: _Call | None = None


class SharedCalls(Generic[Question, Answer]):
    """Answers questions by calls for several of them.

    Args:
        make: Answers questions, in their order, or says by which error each fails. What it raises, all fail with.
            It is cancelled if nobody waits for it any more.
        most: The greatest sum of the weights of a call's questions, unless one alone weighs more.
        calls_at_once: How many calls are under way at a time.
    """

    def __init__(
        self,
        make: Callable[[Sequence[Question]], Awaitable[Sequence[Answer | Exception]]],
        *,
        most: int,
        calls_at_once: int,
    ) -> None:
        self._make = make
        self._most = most
        self._calls_at_once = calls_at_once
        self._waiting: deque[_Asked[Question, Answer]] = deque()
        self._yielding: deque[_Asked[Question, Answer]] = deque()
        self._calls = 0
        self._is_scheduled = False

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits."""
        return not (self._waiting or self._yielding or self._calls or self._is_scheduled)

    async def ask(self, question: Question, weight: int, *, yields: bool = False) -> Answer:
        """Returns the answer to a question.

        Args:
            question: The question.
            weight: What it adds to the size of a call.
            yields: Whether the questions of others go first: it is asked when none of them waits or is answered.

        Raises:
            Exception: What `make` says or raises.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        asked = _Asked(question, weight, seconds_given.get(), answer)
        (self._yielding if yields else self._waiting).append(asked)
        self._schedule()
        try:
            return await answer
        except asyncio.CancelledError:
            if asked.call:
                asked.call.give_up()
            raise

    def _schedule(self) -> None:
        """Has calls made once all that have been asked by now wait."""
        if not self._is_scheduled and self._calls < self._calls_at_once:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._begin_calls, context=Context())

    def _begin_calls(self) -> None:
        self._is_scheduled = False
        while self._calls < self._calls_at_once and (asked := self._next()):
            self._calls += 1
            context = Context()
            context.run(seconds_given.set, max(one.seconds_given for one in asked))
            call = _Call(asyncio.create_task(self._answer(asked), context=context), len(asked))
            for one in asked:
                one.call = call

    def _next(self) -> list[_Asked[Question, Answer]]:
        taken = self._first(self._waiting)
        return taken if taken or self._calls else self._first(self._yielding)

    def _first(self, waiting: deque[_Asked[Question, Answer]]) -> list[_Asked[Question, Answer]]:
        """Returns those who have waited the longest, as many as fit into one call; who gave up is left out."""
        taken: list[_Asked[Question, Answer]] = []
        weight = 0
        while waiting and (not taken or weight + waiting[0].weight <= self._most):
            asked = waiting.popleft()
            if not asked.answer.done():
                taken.append(asked)
                weight += asked.weight
        return taken

    async def _answer(self, asked: Sequence[_Asked[Question, Answer]]) -> None:
        try:
            found: Sequence[Answer | Exception] = await self._make([one.question for one in asked])
        except Exception as error:
            found = [error] * len(asked)
        finally:
            self._calls -= 1
            self._begin_calls()
        for one, answer in zip(asked, found, strict=True):
            if one.answer.done():
                continue
            if isinstance(answer, Exception):
                one.answer.set_exception(answer)
            else:
                one.answer.set_result(answer)
