"""The true probability that a member starts a class that is shown."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.simulation.classes import Classes
from training.simulation.exposure import Impressions
from training.simulation.members import Members
from training.simulation.today import Today

_BASE: Final = -1.75
_SURFACE: Final = np.array([0.0, -0.2, 0.35])
_POSITION: Final = -0.2
_NEW: Final = 0.4
_NEW_DAYS: Final = 7.0
_AGAIN: Final = 0.3
_USUAL_TIME: Final = 0.2
_WEEKEND_LENGTH: Final = 0.15
_TIME_DISCIPLINE: Final = np.array(
    [
        [0.4, 0.5, 0.2, 0.0, 0.2, -0.2, -0.3, -0.4],
        [0.2, 0.2, 0.1, 0.1, 0.1, 0.1, -0.1, -0.2],
        [-0.1, 0.1, 0.0, 0.1, -0.2, 0.2, 0.0, 0.1],
        [0.1, -0.1, 0.0, 0.2, -0.1, 0.0, 0.4, -0.1],
        [-0.5, -0.6, -0.3, -0.2, 0.4, 0.0, -0.3, 0.9],
    ]
)
"""Log-odds of a discipline at a time of day."""
_TIME_LENGTH: Final = np.array([-0.1, 0.1, -0.25, 0.1, -0.15])
"""Log-odds of twice the length at a time of day."""


def start_logits(seen: Impressions, members: Members, classes: Classes, today: Today) -> NDArray[np.float64]:
    """Returns the log-odds of a start for each impression of one day, ``[rows]``."""
    shown = seen.shown
    affinity = np.einsum("ij,ij->i", today.tastes[seen.member], classes.traits[shown])
    length = np.log2(classes.minutes[shown] / 20)
    newness = np.exp((classes.air_day[shown] - today.number) / _NEW_DAYS)
    logits: NDArray[np.float64] = (
        _BASE
        + members.keenness[seen.member]
        + classes.appeal[shown]
        + affinity
        + _SURFACE[seen.surface]
        + _POSITION * np.log1p(seen.position)
        + _NEW * newness
        + _AGAIN * today.memory.holds(seen.member, shown)
        + _USUAL_TIME * members.times_of_day[seen.member, seen.time_of_day]
        + _TIME_DISCIPLINE[seen.time_of_day, classes.discipline[shown]]
        + (_TIME_LENGTH[seen.time_of_day] + _WEEKEND_LENGTH * today.is_weekend) * length
    )
    return logits


def probability(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the logistic function of each."""
    result: NDArray[np.float64] = 1 / (1 + np.exp(-logits))
    return result
