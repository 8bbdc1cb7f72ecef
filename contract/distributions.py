"""How far what is served is from what was trained on, input by input.

A distribution is the share of what has no value, then of each bin of its profile: see the manifest's InputProfile.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import missing_marker
from contract.stubs.manifest_pb2 import ENCODING_VOCABULARY, Input, InputProfile

LEAST_COUNT = 200
"""With fewer values two samples of the same are some 0.1 apart by chance (Yurdakul, "Statistical properties of
population stability index", 2018)."""
_LEAST_SHARE = 1e-4

Shares = Sequence[float] | NDArray[np.float64]


def stability_index(before: Shares, now: Shares) -> float:
    """Returns the population stability index of shares.

    The sum over bins of ``(now - before) ln(now / before)``, where shares below 0.0001 count as that: 0 if nothing
    has moved, and the same both ways. By custom, below 0.1 nothing has changed, and above 0.25 much has (Siddiqi,
    "Credit Risk Scorecards", 2006).
    """
    first, second = (np.maximum(np.asarray(shares, np.float64), _LEAST_SHARE) for shares in (before, now))
    return float(((second - first) * np.log(second / first)).sum())


def jensen_shannon(before: Shares, now: Shares) -> float:
    """Returns the Jensen-Shannon divergence of shares in bits: 0 if they are equal, 1 without a common bin.

    The mean of the divergences of both from their mean (Lin, IEEE Transactions on Information Theory, 1991).
    """
    both = [np.asarray(shares, np.float64) for shares in (before, now)]
    middle = (both[0] + both[1]) / 2
    found = sum(float(np.sum(one[one > 0] * np.log2(one[one > 0] / middle[one > 0]))) for one in both) / 2
    return min(max(found, 0.0), 1.0)


def profile_shares(profile: InputProfile) -> list[float]:
    """Returns the distribution that a profile is of."""
    return [profile.missing_share, *((1 - profile.missing_share) * share for share in profile.shares)]


class InputTally:
    """Counts the values of an input by the bins of its profile.

    Args:
        spec: The input.
        profile: Its profile.
    """

    def __init__(self, spec: Input, profile: InputProfile) -> None:
        self._marker = missing_marker(spec)
        self._is_vocabulary = spec.encoding == ENCODING_VOCABULARY
        self._edges = np.array(profile.edges, dtype=np.float32)
        self._places = {value: place for place, value in enumerate(profile.values)}
        self._bins = np.zeros(len(profile.shares))
        self._trained = profile_shares(profile)
        self._missing = 0.0
        self.count = 0.0
        """Of rows; of elements for lists of numbers."""

    def add(self, column: NDArray[Any]) -> None:
        """Counts a column as `contract.columns.to_column` makes it."""
        count, missing = self._add_values(column) if self._is_vocabulary else self._add_numbers(column)
        self.count += count
        self._missing += missing

    def halve(self) -> None:
        """Halves every count, so that what comes next weighs more."""
        self.count, self._missing, self._bins = self.count / 2, self._missing / 2, self._bins / 2

    @property
    def missing_share(self) -> float:
        """The share of what was counted that has no value; 0 if nothing was."""
        return self._missing / self.count if self.count else 0.0

    def stability_index(self) -> float:
        """Returns how far what was counted is from the profile; see `stability_index`."""
        return stability_index(self._trained, self._shares())

    def jensen_shannon(self) -> float:
        """Returns how far what was counted is from the profile; see `jensen_shannon`."""
        return jensen_shannon(self._trained, self._shares())

    def _shares(self) -> list[float]:
        present = (1 - self.missing_share) / max(float(self._bins.sum()), 1e-9)
        return [self.missing_share, *(present * self._bins).tolist()]

    def _add_numbers(self, column: NDArray[Any]) -> tuple[int, int]:
        values = column[np.isfinite(column)]
        self._bins += np.bincount(np.searchsorted(self._edges, values, side="right"), minlength=len(self._bins))
        return column.size, column.size - values.size

    def _add_values(self, column: NDArray[Any]) -> tuple[int, int]:
        others = len(self._bins) - 1
        for value, count in Counter(column.reshape(-1).tolist()).items():
            if value != self._marker:
                self._bins[self._places.get(str(value), others)] += count
        is_marker = np.asarray(column == self._marker)
        return len(column), int(np.count_nonzero(is_marker.all(axis=tuple(range(1, column.ndim)))))
