"""What a class is like and what a member likes, in the same coordinates.

A member's affinity for a class is the dot product of the member's tastes and the class's traits, so it has few
dimensions and a model can find it in profiles and behaviour.
"""

from typing import Final

import numpy as np

from training.simulation.vocabulary import DISCIPLINES, GENRES, LANGUAGES

DISCIPLINE: Final = slice(0, len(DISCIPLINES))
GENRE: Final = slice(DISCIPLINE.stop, DISCIPLINE.stop + len(GENRES))
LANGUAGE: Final = slice(GENRE.stop, GENRE.stop + len(LANGUAGES))
MINUTES: Final = LANGUAGE.stop
DIFFICULTY: Final = MINUTES + 1
MANNER: Final = slice(DIFFICULTY + 1, DIFFICULTY + 3)
"""The manner of an instructor, such as calm or loud."""
COUNT: Final = MANNER.stop

LEANINGS: Final = np.zeros((6, COUNT), dtype=np.float32)
"""How members of the same profile differ: independent leanings, and the tastes that each one moves."""
LEANINGS[0, DISCIPLINE] = [0.25, 0.25, 0.2, 0.0, -0.35, -0.2, 0.2, -0.35]
LEANINGS[1, DISCIPLINE] = [-0.15, -0.15, 0.1, 0.25, -0.1, 0.2, 0.25, -0.15]
LEANINGS[2, MINUTES] = 0.15
LEANINGS[3, DIFFICULTY] = 0.10
LEANINGS[4, GENRE] = [0.1, -0.1, 0.1, 0.1, 0.0, -0.1, -0.1]
LEANINGS[5, MANNER] = [0.08, 0.04]

DRIFT_HALF_LIFE_DAYS: Final = 240.0
"""Half of what is individual in a leaning is forgotten in this time."""
