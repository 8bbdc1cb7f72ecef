"""Which versions answer for the labels of a model, and which are kept so that a label can go back to them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from contract.labels import Labels
from server.models.routes import route


@dataclass(frozen=True, slots=True)
class Move:
    """Another version answers for a label than before."""

    label: str
    version: int | None
    """None if none does."""
    previous_version: int | None
    """None if none did."""


class LabelBook:
    """The labels of one model.

    Args:
        clock: The time in seconds since the epoch.
        keep_seconds: How long the version that a label left stays loaded.
    """

    def __init__(self, clock: Callable[[], float], keep_seconds: float) -> None:
        self.labels = Labels()
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._routes: Mapping[str, Sequence[int]] = {}
        self._positions: Mapping[str, int | None] = {}
        self._left: dict[str, list[int]] = {}
        self._kept_until: dict[int, float] = {}

    def settle(self, available: Collection[int], wanted: Collection[int]) -> Sequence[Move]:
        """Works out anew which versions answer, and returns what moved.

        Args:
            available: The versions that can answer.
            wanted: The versions that the model's policy wants.
        """
        routes = {
            label: route(label, self.labels, available=available, wanted=wanted) for label in self.labels.states
        }
        before, self._routes = self._routes, routes
        return [
            Move(label, first, previous)
            for label in {**routes, **before}
            if (first := _first(routes.get(label))) != (previous := _first(before.get(label)))
        ]

    def place(self, positions: Mapping[str, int | None], available: Collection[int]) -> None:
        """Takes note of the versions that labels are on, and keeps those that they left.

        Args:
            positions: The version that each label is on, though another may answer for it for now.
            available: The versions that can answer.
        """
        for label, version in positions.items():
            left = self._positions.get(label)
            if left is not None and version is not None and left != version:
                self._keep(label, left, available)
        self._positions = positions

    def route(self, label: str) -> Sequence[int]:
        """Returns the versions that may answer for a label, the best first; none for an unknown label."""
        return self._routes.get(label, ())

    @property
    def needed(self) -> frozenset[int]:
        """The versions that answer for a label, or that a label may go back to."""
        now = self._clock()
        kept = (version for version, until in self._kept_until.items() if now < until)
        answering = (versions[0] for versions in self._routes.values() if versions)
        return frozenset((*kept, *answering))

    def before(self, label: str) -> Sequence[int]:
        """Returns the versions that a label was on before, the latest first, without those that were rejected."""
        trail = self.labels.states[label].trail if label in self.labels.states else ()
        found = dict.fromkeys((*reversed(self._left.get(label, [])), *reversed(trail)))
        return [version for version in found if version not in self.labels.rejected]

    def _keep(self, label: str, version: int, available: Collection[int]) -> None:
        left = self._left.setdefault(label, [])
        left[:] = [*(other for other in left if other != version), version]
        if version in available:
            self._kept_until[version] = self._clock() + self._keep_seconds


def _first(versions: Sequence[int] | None) -> int | None:
    return versions[0] if versions else None
