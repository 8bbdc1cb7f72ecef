"""How the rounds of a benchmark are summed up."""

from collections.abc import Sequence
from statistics import median


def spread(found: Sequence[float]) -> dict[str, float]:
    """Returns the median of the rounds, the least and the greatest."""
    return {"median": round(median(found), 4), "least": round(min(found), 4), "greatest": round(max(found), 4)}
