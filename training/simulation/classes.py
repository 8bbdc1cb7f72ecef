"""The classes of the simulated world."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from training.simulation import columns, traits
from training.simulation import vocabulary as words
from training.simulation.spec import DAY_US, WorldSpec

_STREAM = 1
_NEW_SHARE = 0.4
_BACK_CATALOGUE_DAYS = 180


@dataclass(frozen=True, slots=True)
class Classes:
    """Every class that ever airs, by air day; arrays are ``[classes]`` unless they say otherwise.

    Attributes:
        ids: Texts.
        titles: Texts.
        discipline: Codes in the vocabulary, as are `instructor` and `difficulty`.
        instructor: See `discipline`.
        difficulty: See `discipline`.
        minutes: Length, in minutes.
        genres: Which music is played, ``[classes, genres]``.
        air_day: The first day it can be shown, counted from the first of history; negative before it.
        traits: ``[classes, traits.COUNT]`` float32.
        appeal: How much more than others it is liked by everybody, as log-odds.
        prominence: How often it is shown, in proportion.
    """

    ids: pa.Array
    titles: pa.Array
    discipline: NDArray[np.int64]
    instructor: NDArray[np.int64]
    difficulty: NDArray[np.int64]
    minutes: NDArray[np.int32]
    genres: NDArray[np.bool_]
    air_day: NDArray[np.int64]
    traits: NDArray[np.float32]
    appeal: NDArray[np.float64]
    prominence: NDArray[np.float64]

    def table(self, spec: WorldSpec) -> pa.Table:
        """Returns the rows of the table ``classes``."""
        return pa.table(
            {
                "class_id": self.ids,
                "title": self.titles,
                "discipline": columns.texts(self.discipline, words.DISCIPLINES),
                "instructor": columns.texts(self.instructor, words.INSTRUCTORS),
                "minutes": self.minutes,
                "difficulty": columns.texts(self.difficulty, words.DIFFICULTIES),
                "music_genres": columns.text_lists(self.genres, words.GENRES),
                "language": columns.texts(_language(self.instructor), words.LANGUAGES),
                "air_time": columns.times(spec.start_us + self.air_day * DAY_US),
            }
        )


def make_classes(spec: WorldSpec) -> Classes:
    """Returns the classes of a world."""
    rng = spec.generator(_STREAM)
    count = spec.class_count
    discipline = rng.choice(len(words.DISCIPLINES), count, p=words.DISCIPLINE_SHARES)
    language_group = rng.choice(len(words.TEACHING_SHARES), count, p=words.TEACHING_SHARES)
    instructor = discipline + len(words.DISCIPLINES) * language_group
    minutes = _minutes(rng, discipline)
    difficulty = rng.choice(len(words.DIFFICULTIES), count, p=words.DIFFICULTY_SHARES)
    genres = _genres(rng, count)
    fame = rng.normal(0, 0.25, len(words.INSTRUCTORS))
    manner = rng.normal(0, 1, (len(words.INSTRUCTORS), 2))
    rows = _traits(discipline, instructor, minutes, difficulty, genres)
    rows[:, traits.MANNER] = manner[instructor]
    appeal = fame[instructor] + rng.normal(0, 0.43, count)
    return Classes(
        ids=columns.ids("c", np.arange(1, count + 1), 5),
        titles=_titles(rng, discipline, minutes, instructor),
        discipline=discipline,
        instructor=instructor,
        difficulty=difficulty,
        minutes=minutes,
        genres=genres,
        air_day=_air_days(rng, spec),
        traits=rows,
        appeal=appeal,
        prominence=np.exp(0.9 * appeal + rng.normal(0, 0.8, count)),
    )


def _language(instructor: NDArray[np.int64]) -> NDArray[Any]:
    return words.TEACHING_LANGUAGES[instructor // len(words.DISCIPLINES)]


def _minutes(rng: np.random.Generator, discipline: NDArray[np.int64]) -> NDArray[np.int32]:
    count = len(discipline)
    long = rng.choice(words.MINUTES, count, p=words.LONG_SHARES)
    short = rng.choice(words.MINUTES, count, p=words.SHORT_SHARES)
    return np.where(discipline == words.DISCIPLINES.index("meditation"), short, long)


def _genres(rng: np.random.Generator, count: int) -> NDArray[np.bool_]:
    """One genre for each class, and a second for half of them."""
    genres = np.zeros((count, len(words.GENRES)), dtype=np.bool_)
    rows = np.arange(count)
    genres[rows, rng.integers(len(words.GENRES), size=count)] = True
    second = rng.random(count) < 0.5
    genres[rows[second], rng.integers(len(words.GENRES), size=second.sum())] = True
    return genres


def _titles(
    rng: np.random.Generator,
    discipline: NDArray[np.int64],
    minutes: NDArray[np.int32],
    instructor: NDArray[np.int64],
) -> pa.Array:
    style = rng.integers(len(words.STYLES[0]), size=len(discipline))
    parts = zip(minutes, discipline, style, instructor, strict=True)
    titles = [f"{m} min {words.STYLES[d][s]} {words.NOUNS[d]} with {words.INSTRUCTORS[i]}" for m, d, s, i in parts]
    return pa.array(titles, pa.string())


def _air_days(rng: np.random.Generator, spec: WorldSpec) -> NDArray[np.int64]:
    """A catalogue from before, and new classes spread evenly over the days: if possible, at least one a day."""
    count, days = spec.class_count, spec.day_count
    new_count = min(count // 2, max(days, round(_NEW_SHARE * count)))
    old = np.sort(rng.integers(-_BACK_CATALOGUE_DAYS, 0, count - new_count))
    new = np.arange(new_count) * days // max(new_count, 1)
    return np.concatenate((old, new))


def _traits(
    discipline: NDArray[np.int64],
    instructor: NDArray[np.int64],
    minutes: NDArray[np.int32],
    difficulty: NDArray[np.int64],
    genres: NDArray[np.bool_],
) -> NDArray[np.float32]:
    rows = np.zeros((len(discipline), traits.COUNT), dtype=np.float32)
    rows[:, traits.DISCIPLINE] = np.eye(len(words.DISCIPLINES))[discipline]
    rows[:, traits.GENRE] = genres / genres.sum(axis=1, keepdims=True)
    rows[:, traits.LANGUAGE] = np.eye(len(words.LANGUAGES))[_language(instructor)]
    rows[:, traits.MINUTES] = np.log2(minutes / 20)
    rows[:, traits.DIFFICULTY] = difficulty - 1
    return rows
