"""The members of the simulated world: their profiles, habits and tastes."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from training.simulation import columns, traits
from training.simulation import vocabulary as words
from training.simulation.spec import DAY_US, WorldSpec

_STREAM = 2
_FOUNDER_SHARE = 0.7
_FOUNDING_DAYS = 365
_MEAN_STAY_DAYS = 180.0

_AGE_DISCIPLINE = np.array([0.0, -0.3, 0.05, -0.25, 0.3, 0.25, -0.4, 0.3])
_AGE_GENRE = np.array([-0.3, 0.3, -0.5, -0.4, 0.0, 0.5, 0.3])
_EQUIPMENT_DISCIPLINE = np.array(
    [
        [-1.1, -0.6, -1.1, 0.2, 0.3, 0.2, 0.2, 0.2],
        [0.6, -0.6, -1.1, 0.1, 0.0, 0.0, 0.0, 0.0],
        [-1.1, 0.7, -1.1, 0.1, 0.0, 0.0, 0.1, 0.0],
        [-1.1, -0.5, 0.9, 0.2, 0.1, 0.0, 0.1, 0.0],
    ]
)
_FOREIGN_LANGUAGE = -1.1
_ANY_TIME = 0.12


@dataclass(frozen=True, slots=True)
class Members:
    """Everybody who ever joins; arrays are ``[members]`` unless they say otherwise.

    Attributes:
        ids: Texts.
        country: Codes in the vocabulary, as are `age_band` and `equipment`.
        age_band: See `country`.
        equipment: See `country`.
        languages: The preferred ones, ``[members, languages]``.
        times_of_day: The preferred ones, ``[members, times of day]``.
        joined_us: When they joined, in microseconds since the epoch.
        first_day: Their first day as a visitor (the day after joining), counted from the first of history.
        left_day: The first day on which they are gone.
        visits: How often they visit, in proportion.
        weekend: How much more often they visit on a weekend, a factor.
        keenness: How readily they start a class, as log-odds.
        profile_tastes: What their profile makes them like, ``[members, traits.COUNT]`` float32.
    """

    ids: pa.Array
    country: NDArray[np.int64]
    age_band: NDArray[np.int64]
    equipment: NDArray[np.int64]
    languages: NDArray[np.bool_]
    times_of_day: NDArray[np.bool_]
    joined_us: NDArray[np.int64]
    first_day: NDArray[np.int64]
    left_day: NDArray[np.float64]
    visits: NDArray[np.float64]
    weekend: NDArray[np.float64]
    keenness: NDArray[np.float64]
    profile_tastes: NDArray[np.float32]

    def table(self) -> pa.Table:
        """Returns the rows of the table ``members``."""
        return pa.table(
            {
                "member_id": self.ids,
                "joined_time": columns.times(self.joined_us),
                "country": columns.texts(self.country, words.COUNTRIES),
                "age_band": columns.texts(self.age_band, words.AGE_BANDS),
                "equipment": columns.texts(self.equipment, words.EQUIPMENT),
                "preferred_languages": columns.text_lists(self.languages, words.LANGUAGES),
                "preferred_times": columns.text_lists(self.times_of_day, words.TIMES_OF_DAY),
            }
        )

    def visits_on(self, day: int, *, is_weekend: bool) -> NDArray[np.float64]:
        """Returns how often each visits at each time of a day, in proportion: ``[times of day, members]``."""
        here = (self.first_day <= day) & (day < self.left_day)
        visits = self.visits * here * (self.weekend if is_weekend else 1.0)
        usual: NDArray[np.float64] = self.times_of_day.T / self.times_of_day.sum(axis=1)
        return visits * (_ANY_TIME + usual)


def make_members(spec: WorldSpec) -> Members:
    """Returns the members of a world."""
    rng = spec.generator(_STREAM)
    count = spec.member_count
    country = rng.choice(len(words.COUNTRIES), count, p=words.COUNTRY_SHARES)
    age_band = rng.choice(len(words.AGE_BANDS), count, p=words.AGE_SHARES)
    equipment = rng.choice(len(words.EQUIPMENT), count, p=words.EQUIPMENT_SHARES)
    languages = _languages(rng, country)
    first_day = _first_days(rng, spec)
    return Members(
        ids=columns.ids("m", np.arange(1, count + 1), 6),
        country=country,
        age_band=age_band,
        equipment=equipment,
        languages=languages,
        times_of_day=_times_of_day(rng, count),
        joined_us=spec.start_us + first_day * DAY_US - rng.integers(1, DAY_US, count),
        first_day=first_day,
        left_day=_left_days(rng, first_day),
        visits=rng.lognormal(0, 0.8, count),
        weekend=rng.lognormal(0, 0.4, count),
        keenness=rng.normal(0, 0.22, count),
        profile_tastes=_profile_tastes(age_band, equipment, languages),
    )


class Tastes:
    """What members like, drifting from day to day around what their profiles make of them.

    Each leaning is an Ornstein-Uhlenbeck process in steps of a day: its spread stays as it is.

    Attributes:
        now: ``[members, traits.COUNT]`` float32.
    """

    def __init__(self, members: Members, rng: np.random.Generator) -> None:
        self._profile = members.profile_tastes
        self._leanings = self._noise(rng)
        self.now = self._tastes()

    def pass_day(self, rng: np.random.Generator) -> None:
        """Lets one day of drift happen."""
        kept = 0.5 ** (1 / traits.DRIFT_HALF_LIFE_DAYS)
        self._leanings *= np.float32(kept)
        self._leanings += self._noise(rng) * np.float32(np.sqrt(1 - kept**2))
        self.now = self._tastes()

    def _tastes(self) -> NDArray[np.float32]:
        return self._profile + self._leanings @ traits.LEANINGS

    def _noise(self, rng: np.random.Generator) -> NDArray[np.float32]:
        return rng.standard_normal((len(self._profile), len(traits.LEANINGS)), dtype=np.float32)


def _languages(rng: np.random.Generator, country: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The country's, English for half of the others, and sometimes one more."""
    languages = rng.random((len(country), len(words.LANGUAGES))) < np.array([0.5, 0.04, 0.05, 0.06])
    languages[np.arange(len(country)), country] = True
    return languages


def _times_of_day(rng: np.random.Generator, count: int) -> NDArray[np.bool_]:
    """One time for each member, and a second for half of them."""
    times = np.zeros((count, len(words.TIME_SHARES)), dtype=np.bool_)
    rows = np.arange(count)
    times[rows, rng.choice(len(words.TIME_SHARES), count, p=words.TIME_SHARES)] = True
    second = rows[rng.random(count) < 0.5]
    times[second, rng.choice(len(words.TIME_SHARES), len(second), p=words.TIME_SHARES)] = True
    return times


def _first_days(rng: np.random.Generator, spec: WorldSpec) -> NDArray[np.int64]:
    """Most are there when history begins, the others join along the way; the first member always is there."""
    is_founder = rng.random(spec.member_count) < _FOUNDER_SHARE
    is_founder[0] = True
    before = rng.integers(-_FOUNDING_DAYS, 1, spec.member_count)
    along = rng.integers(1, spec.day_count + 1, spec.member_count)
    return np.sort(np.where(is_founder, before, along))


def _left_days(rng: np.random.Generator, first_day: NDArray[np.int64]) -> NDArray[np.float64]:
    """Members leave at a constant rate, but the first stays, so that no day is without visitors."""
    left = np.maximum(first_day, 0) + 1 + rng.exponential(_MEAN_STAY_DAYS, len(first_day))
    left[0] = np.inf
    return left


def _profile_tastes(
    age_band: NDArray[np.int64], equipment: NDArray[np.int64], languages: NDArray[np.bool_]
) -> NDArray[np.float32]:
    age = ((age_band - 2.0) / 1.4)[:, np.newaxis]
    tastes = np.zeros((len(age_band), traits.COUNT), dtype=np.float32)
    tastes[:, traits.DISCIPLINE] = _EQUIPMENT_DISCIPLINE[equipment] + age * _AGE_DISCIPLINE
    tastes[:, traits.GENRE] = age * _AGE_GENRE
    tastes[:, traits.LANGUAGE] = np.where(languages, 0, _FOREIGN_LANGUAGE)
    tastes[:, traits.MINUTES] = -0.1
    tastes[:, [traits.DIFFICULTY]] = -0.25 * age
    tastes[:, traits.MANNER] = age * np.array([0.2, -0.1])
    return tastes
