"""How far two models are from each other: in what they rank first, and in the scores they give."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.distributions import LEAST_COUNT, stability_index

Floats = NDArray[np.floating[Any]]


def overlap_at(first: Sequence[str], second: Sequence[str], k: int = 10) -> float:
    """Returns the share of the first `k` of one ranking that are among the first `k` of the other, 0 to 1.

    It is the share of the longer one where a ranking has fewer than `k`; two empty ones agree.
    """
    one, other = set(first[:k]), set(second[:k])
    longest = max(len(one), len(other))
    return len(one & other) / longest if longest else 1.0


def population_stability_index(reference: Floats, observed: Floats, bins: int = 10) -> float:
    """Returns how far the distribution of `observed` is from that of `reference`.

    With the bins between the quantiles of `reference`, of which r and o are the shares in a bin, it is the sum of
    ``(o - r) ln(o / r)``: 0 for equal shares, and the same whatever strictly rising function was applied to both.
    By custom, below 0.1 nothing has changed, and above 0.25 much has (Siddiqi, "Credit Risk Scorecards", 2006).
    Samples of n and m from one distribution have about ``(bins - 1) (1/n + 1/m)`` (Yurdakul, "Statistical
    properties of population stability index", 2018).

    Args:
        reference: Finite values ``[n]``. Quantiles that are equal make one bin.
        observed: Finite values ``[m]``.
        bins: How many bins there are between different quantiles.

    Returns:
        The index; NaN if either side has fewer than `LEAST_COUNT`.
    """
    if min(len(reference), len(observed)) < LEAST_COUNT:
        return math.nan
    before, after = np.sort(reference), np.sort(observed)
    # Quantiles that are values, as no function moves one of those past another value.
    edges = np.unique(before[(np.arange(1, bins) * len(before) - 1) // bins])
    was, became = _shares(before, edges), _shares(after, edges)
    return stability_index(was, became)


def _shares(rising: Floats, edges: Floats) -> NDArray[np.float64]:
    """Returns the share of the values up to each edge and above the last, with half a value more in each bin."""
    below = np.searchsorted(rising, edges, side="right")
    counts: NDArray[np.float64] = np.diff(below, prepend=0, append=len(rising)) + 0.5
    return counts / np.sum(counts)
