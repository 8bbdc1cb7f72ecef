"""The words of the simulated world, and what holds for every member alike.

Tables are fixed, not drawn: worlds of different seeds differ in who is in them, not in how people are.
"""

from typing import Final

import numpy as np

DISCIPLINES: Final = ("ride", "run", "row", "strength", "yoga", "pilates", "boxing", "meditation")
DISCIPLINE_SHARES: Final = np.array([0.22, 0.14, 0.07, 0.20, 0.14, 0.08, 0.06, 0.09])
NOUNS: Final = ("Ride", "Run", "Row", "Strength", "Yoga", "Pilates", "Boxing", "Meditation")
STYLES: Final = (
    ("Climb", "Interval", "Endurance", "Low Impact", "Sprint"),
    ("Tempo", "Hill", "Interval", "Recovery", "Endurance"),
    ("Steady", "Sprint", "Endurance", "Interval", "Technique"),
    ("Full Body", "Upper Body", "Lower Body", "Core", "Bodyweight"),
    ("Slow Flow", "Power", "Restorative", "Sunrise", "Balance"),
    ("Mat", "Core", "Standing", "Gentle", "Total Body"),
    ("Shadow", "Cardio", "Technique", "Combination", "Bodyweight"),
    ("Breathing", "Sleep", "Focus", "Body Scan", "Gratitude"),
)

MINUTES: Final = np.array([5, 10, 15, 20, 30, 45, 60], dtype=np.int32)
LONG_SHARES: Final = np.array([0.00, 0.08, 0.12, 0.25, 0.32, 0.15, 0.08])
SHORT_SHARES: Final = np.array([0.20, 0.35, 0.20, 0.20, 0.05, 0.00, 0.00])
"""Of meditations."""

DIFFICULTIES: Final = ("beginner", "intermediate", "advanced")
DIFFICULTY_SHARES: Final = np.array([0.35, 0.42, 0.23])

GENRES: Final = ("pop", "rock", "hip hop", "electronic", "latin", "classical", "ambient")
LANGUAGES: Final = ("en", "de", "fr", "es")

INSTRUCTORS: Final = (
    *("Dana", "Marcus", "Leila", "Tom", "Priya", "Owen", "Grace", "Noor"),
    *("Jess", "Andre", "Kim", "Ruth", "Hannah", "Sofia", "Callum", "Maya"),
    *("Jonas", "Greta", "Felix", "Anke", "Lena", "Mila", "Emre", "Clara"),
    *("Camille", "Hugo", "Margaux", "Bastien", "Elodie", "Chloe", "Yanis", "Solene"),
    *("Lucia", "Mateo", "Carmen", "Diego", "Paloma", "Ines", "Rafael", "Alba"),
)
"""Instructor ``i`` teaches discipline ``i % 8`` in language ``TEACHING_LANGUAGES[i // 8]``."""
TEACHING_LANGUAGES: Final = np.array([0, 0, 1, 2, 3])
TEACHING_SHARES: Final = np.array([0.30, 0.25, 0.20, 0.14, 0.11])

COUNTRIES: Final = ("GB", "DE", "FR", "ES")
"""Country ``i`` speaks language ``i``."""
COUNTRY_SHARES: Final = np.array([0.42, 0.26, 0.18, 0.14])

AGE_BANDS: Final = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
AGE_SHARES: Final = np.array([0.12, 0.27, 0.25, 0.18, 0.12, 0.06])

EQUIPMENT: Final = ("none", "bike", "treadmill", "rower")
EQUIPMENT_SHARES: Final = np.array([0.34, 0.36, 0.20, 0.10])

TIMES_OF_DAY: Final = ("early", "morning", "noon", "evening", "night")
TIME_SHARES: Final = np.array([0.14, 0.26, 0.14, 0.34, 0.12])
TIME_OF_HOUR: Final = np.array([4] * 4 + [0] * 4 + [1] * 4 + [2] * 4 + [3] * 5 + [4] * 3)
"""The time of day of each hour (UTC: the world lives by one clock)."""
WEEKDAY_HOURS: Final = np.array(
    [3, 1, 1, 1, 3, 10, 22, 26, 20, 15, 13, 14, 20, 16, 11, 12, 18, 30, 38, 36, 28, 20, 12, 6], dtype=np.float64
)
WEEKEND_HOURS: Final = np.array(
    [4, 2, 1, 1, 2, 4, 9, 17, 28, 36, 36, 30, 24, 20, 18, 19, 21, 22, 20, 18, 16, 13, 10, 7], dtype=np.float64
)
"""How many sessions start in each hour, in proportion."""

SURFACES: Final = ("home", "browse", "search")
SURFACE_SHARES: Final = np.array([0.60, 0.25, 0.15])
