"""Labels: movable names for versions. What they are follows from the history of how they were moved.

A label is either *pinned* to a version, or *follows* the newest. `DEFAULT_LABEL` follows until it is moved by
hand; any other label has to be promoted or unpinned once, before which it does not exist.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Self

DEFAULT_LABEL = "stable"
"""What a request gets that names neither a version nor a label."""


class LabelAction(Enum):
    """What was done to a label."""

    PROMOTE = "pinned to a version that was chosen"
    ROLL_BACK = "pinned to the version before, by hand"
    REVERT = "moved back by the server, because the version did badly on probation"
    PIN = "pinned to the version it was on"
    UNPIN = "follows the newest version from then on"
    SPLIT = "the shares of the members whose requests go to labels were set"
    SHADOW = "the share of the requests that it shadows was set"


@dataclass(frozen=True, slots=True)
class Note:
    """Who does something, and why."""

    actor: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """One entry of a model's history."""

    action: LabelAction
    time: float
    """In seconds since the epoch."""
    note: Note
    label: str = DEFAULT_LABEL
    """The label; of no meaning for SPLIT."""
    version: int | None = None
    """The version it was pinned to; None if it follows the newest."""
    previous_version: int | None = None
    """The version it was on before, None if none."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """For SPLIT: the weight of each label; empty gives everything to the default label."""
    share: float = 0.0
    """For SHADOW: the share of the requests, 0 to 1; 0 ends it."""


@dataclass(frozen=True, slots=True)
class LabelState:
    """One label."""

    version: int | None = None
    """The version it is pinned to; None if it follows the newest."""
    trail: tuple[int, ...] = ()
    """The versions it was on before, the latest last, each once."""

    def moved(self, version: int | None, previous: int | None) -> Self:
        """Returns the label on another version."""
        left = (previous,) if previous is not None else ()
        trail = (*(v for v in self.trail if v != previous), *left)
        return replace(self, version=version, trail=tuple(v for v in trail if v != version))


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a model."""

    states: Mapping[str, LabelState] = field(default_factory=lambda: {DEFAULT_LABEL: LabelState()})
    rejected: frozenset[int] = frozenset()
    """Versions that were rolled back or reverted: no label follows them, and they serve only in want of others."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """How the members are split between labels; empty gives everything to the default label."""
    shadows: Mapping[str, float] = field(default_factory=dict)
    """The share of the requests that each shadowing label scores besides."""

    def followed(self, versions: Sequence[int]) -> Sequence[int]:
        """Returns those of all that are published, rising, that labels follow: all if every one was rejected."""
        return [version for version in versions if version not in self.rejected] or versions

    def after(self, event: LabelEvent) -> Self:
        """Returns the labels once `event` has happened."""
        match event.action:
            case LabelAction.SPLIT:
                return replace(self, weights=dict(event.weights))
            case LabelAction.SHADOW:
                others = {name: share for name, share in self.shadows.items() if name != event.label}
                return replace(self, shadows=others | ({event.label: event.share} if event.share else {}))
        state = self.states.get(event.label, LabelState()).moved(event.version, event.previous_version)
        return replace(self, states={**self.states, event.label: state}, rejected=self._rejected(event))

    def _rejected(self, event: LabelEvent) -> frozenset[int]:
        match event.action:
            case LabelAction.PROMOTE | LabelAction.PIN:
                return self.rejected - {event.version or 0}
            case LabelAction.ROLL_BACK | LabelAction.REVERT:
                return (self.rejected | {event.previous_version or 0}) - {event.version or 0, 0}
        return self.rejected


def fold(events: Iterable[LabelEvent], configured: Mapping[str, int] | None = None) -> Labels:
    """Returns the labels after a history.

    Args:
        events: The history, oldest first.
        configured: Labels that are set by the model config, whatever the history says of them.
    """
    labels = Labels()
    for event in events:
        labels = labels.after(event)
    fixed = {name: LabelState(version) for name, version in (configured or {}).items()}
    return replace(labels, states={**labels.states, **fixed})
