"""Makes the event tables of a world, chunk by chunk."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from training.simulation import columns
from training.simulation import vocabulary as words
from training.simulation.classes import Classes, make_classes
from training.simulation.exposure import Impressions, draw_impressions
from training.simulation.members import Members, Tastes, make_members
from training.simulation.memory import Memory
from training.simulation.outcomes import Outcomes, draw_completions, draw_ratings, draw_starts
from training.simulation.shelf import Shelf
from training.simulation.spec import DAY_US, WorldSpec
from training.simulation.today import Today
from training.simulation.truth import probability, start_logits
from training.simulation.visits import Visits

CHUNK_ROWS = 1 << 17
"""The most impressions that are held at a time."""

_SATURDAY = 5
_TASTE_STREAM, _CHUNK_STREAM = 3, 4

Chunk = Mapping[str, pa.Table]
"""Rows of every event table by its name, each with a last column ``day`` (date32) that names its partition."""


class World:
    """A population, a catalogue, and what happens between them.

    Attributes:
        members: Everybody who ever joins.
        classes: Every class that ever airs.
    """

    def __init__(self, spec: WorldSpec) -> None:
        self._spec = spec
        self.members: Members = make_members(spec)
        self.classes: Classes = make_classes(spec)

    def days(self) -> Iterator[tuple[date, Iterator[Chunk]]]:
        """Yields each day with its chunks. All have to be taken, in order: members remember and tastes drift."""
        spec = self._spec
        tastes = Tastes(self.members, spec.generator(_TASTE_STREAM))
        memory = Memory(spec.member_count)
        for number in range(spec.day_count):
            day = spec.first_day + timedelta(days=number)
            memory.start_day()
            yield day, self._chunks(self._today(number, day.weekday() >= _SATURDAY, tastes.now, memory))
            tastes.pass_day(spec.generator(_TASTE_STREAM, number))

    def _today(self, number: int, is_weekend: bool, tastes: NDArray[np.float32], memory: Memory) -> Today:
        start_us = self._spec.start_us + number * DAY_US
        visits = Visits(self.members.visits_on(number, is_weekend=is_weekend), start_us, is_weekend=is_weekend)
        return Today(number, is_weekend, tastes, memory, visits, Shelf(self.classes, number))

    def _chunks(self, today: Today) -> Iterator[Chunk]:
        count = self._spec.events_per_day
        for first in range(0, count, CHUNK_ROWS):
            rng = self._spec.generator(_CHUNK_STREAM, today.number, first)
            end = min(first + CHUNK_ROWS, count)
            seen = draw_impressions(rng, end - first, (first / count, end / count), today)
            logits = start_logits(seen, self.members, self.classes, today)
            starts, completions, ratings = self._follow_ups(rng, seen, logits)
            today.memory.note(seen.member[starts.cause], seen.shown[starts.cause])
            numbers = np.arange(len(seen)) + today.number * count + first
            yield {
                "impressions": self._impressions(seen, numbers),
                "starts": self._events("s", starts, seen, numbers),
                "completions": self._events("d", completions, seen, numbers, watched_minutes=completions.value),
                "ratings": self._events("r", ratings, seen, numbers, rating=ratings.value.astype(np.int32)),
                "truth": _table(
                    {"impression_id": _impression_ids(numbers), "probability": probability(logits)}, seen.time_us
                ),
            }

    def _follow_ups(
        self, rng: np.random.Generator, seen: Impressions, logits: NDArray[np.float64]
    ) -> tuple[Outcomes, Outcomes, Outcomes]:
        """Returns starts, completions and ratings; what would come after the end of history has not happened."""
        end_us = self._spec.end_us
        starts = draw_starts(rng, logits, seen.time_us).before(end_us)
        completions = draw_completions(rng, starts, logits, self.classes.minutes[seen.shown]).before(end_us)
        return starts, completions, draw_ratings(rng, completions, logits).before(end_us)

    def _impressions(self, seen: Impressions, numbers: NDArray[np.int64]) -> pa.Table:
        content = {
            "impression_id": _impression_ids(numbers),
            "event_time": columns.times(seen.time_us),
            "member_id": columns.texts(seen.member, self.members.ids),
            "class_id": columns.texts(seen.shown, self.classes.ids),
            "surface": columns.texts(seen.surface, words.SURFACES),
            "position": seen.position,
        }
        return _table(content, seen.time_us)

    def _events(
        self,
        prefix: str,
        events: Outcomes,
        seen: Impressions,
        numbers: NDArray[np.int64],
        **values: NDArray[np.generic],
    ) -> pa.Table:
        content = {
            "event_id": columns.ids(prefix, numbers[events.cause], 10),
            "impression_id": _impression_ids(numbers[events.cause]),
            "event_time": columns.times(events.time_us),
            "member_id": columns.texts(seen.member[events.cause], self.members.ids),
            "class_id": columns.texts(seen.shown[events.cause], self.classes.ids),
        }
        return _table(content | values, events.time_us)


def _impression_ids(numbers: NDArray[np.int64]) -> pa.Array:
    return columns.ids("i", numbers, 10)


def _table(content: Mapping[str, pa.Array | NDArray[np.generic]], time_us: NDArray[np.int64]) -> pa.Table:
    days = (time_us // DAY_US).astype(np.int32)
    return pa.table({**content, "day": pa.array(days).cast(pa.date32())})
