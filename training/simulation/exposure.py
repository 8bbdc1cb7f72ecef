"""Which classes the visitors are shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.simulation import traits
from training.simulation import vocabulary as words
from training.simulation.today import Today

_SHORTEST_PAGE, _LONGEST_PAGE = 5, 15
_GLANCE_US = 1_500_000
_REDRAWS = 6

_PERSONAL = np.array([0.35, 0.0, 1.2])
"""How much each surface follows the member's taste for disciplines."""
_RECALLED = np.array([0.08, 0.0, 0.0])
"""How often each surface shows again what the member has taken."""


@dataclass(frozen=True, slots=True)
class Impressions:
    """Classes shown to members; arrays are ``[rows]``.

    Attributes:
        time_us: Microseconds since the epoch.
        time_of_day: Codes in the vocabulary, as is `surface`.
        member: Places among the members.
        shown: Places among the classes.
        surface: See `time_of_day`.
        position: The place on the page, from 0.
    """

    time_us: NDArray[np.int64]
    time_of_day: NDArray[np.int64]
    member: NDArray[np.int64]
    shown: NDArray[np.int64]
    surface: NDArray[np.int64]
    position: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.time_us)


@dataclass(frozen=True, slots=True)
class Pages:
    """How impressions fall into pages: one page for each session."""

    session: NDArray[np.int64]
    position: NDArray[np.int32]
    count: int


def draw_pages(rng: np.random.Generator, impressions: int) -> Pages:
    """Returns pages of 5 to 15 classes that make exactly so many impressions; the last page may be cut short."""
    lengths = rng.integers(_SHORTEST_PAGE, _LONGEST_PAGE + 1, impressions // _SHORTEST_PAGE + 1)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    starts = starts[starts < impressions]
    session = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, impressions)))
    position = (np.arange(impressions) - starts[session]).astype(np.int32)
    return Pages(session, position, len(starts))


def draw_impressions(rng: np.random.Generator, count: int, part: tuple[float, float], today: Today) -> Impressions:
    """Returns `count` impressions of a part of a day, from 0 to 1."""
    pages = draw_pages(rng, count)
    sessions = today.visits.draw(rng, pages.count, part)
    surface = rng.choice(len(words.SURFACES), pages.count, p=words.SURFACE_SHARES)
    rows = pages.session
    return Impressions(
        time_us=sessions.start_us[rows] + pages.position * _GLANCE_US,
        time_of_day=sessions.time_of_day[rows],
        member=sessions.member[rows],
        shown=_draw_shown(rng, rows, sessions.member[rows], surface[rows], today),
        surface=surface[rows],
        position=pages.position,
    )


def _draw_shown(
    rng: np.random.Generator,
    session: NDArray[np.int64],
    member: NDArray[np.int64],
    surface: NDArray[np.int64],
    today: Today,
) -> NDArray[np.int64]:
    """Draws a class for each row; what a page would show twice is drawn again, a few times."""
    shown = np.empty(len(session), dtype=np.int64)
    rows = np.arange(len(session))
    for _ in range(_REDRAWS):
        pull = _PERSONAL[surface[rows], np.newaxis] * today.tastes[member[rows], traits.DISCIPLINE]
        drawn = today.shelf.draw(rng, pull)
        recalled = today.memory.recall(rng, member[rows], otherwise=drawn)
        shown[rows] = np.where(rng.random(len(rows)) < _RECALLED[surface[rows]], recalled, drawn)
        rows = _repeated(session, shown)
    return shown


def _repeated(session: NDArray[np.int64], shown: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the rows whose page shows their class further up."""
    key = session * (np.max(shown) + 1) + shown
    _, first = np.unique(key, return_index=True)
    is_first = np.zeros(len(key), dtype=np.bool_)
    is_first[first] = True
    return np.nonzero(~is_first)[0]
