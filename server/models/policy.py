"""Which step is taken next towards the versions that are wanted. Pure functions of what is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from server.domain.models import Every, Latest, Specific, VersionPolicy
from server.domain.versions import VersionState


@dataclass(frozen=True, slots=True)
class Load:
    """Load this version."""

    version: int


@dataclass(frozen=True, slots=True)
class Unload:
    """Unload this version."""

    version: int


Action = Load | Unload


class Transition(Enum):
    """In which order versions are loaded and unloaded."""

    AVAILABILITY = "availability-preserving"
    """A version is unloaded once those that are wanted are available: for a while, both are in memory."""
    RESOURCES = "resource-preserving"
    """A version is loaded once those that are not wanted are gone: for a while, none may serve."""


def wanted_versions(published: Collection[int], policy: VersionPolicy, unfit: Collection[int]) -> list[int]:
    """Returns the published versions that a policy wants to be loaded, the newest first.

    Args:
        published: The versions that are published.
        policy: Which of them to load.
        unfit: Versions that don't count: what was refused or rejected, or waits before it is tried again.
    """
    fit = sorted(set(published) - set(unfit), reverse=True)
    match policy:
        case Latest(count):
            return fit[:count]
        case Specific(versions):
            return [version for version in fit if version in versions]
        case Every():
            return fit


def next_action(
    states: Mapping[int, VersionState],
    wanted: Sequence[int],
    *,
    needed: Collection[int] = (),
    transition: Transition = Transition.AVAILABILITY,
) -> Action | None:
    """Returns the one step that brings the versions nearer to the wanted ones, if there is one to take now.

    Args:
        states: The state of every version seen.
        wanted: The versions that should be available, each one of `states`, the most urgent first.
        needed: Versions that answer requests now, wanted or not; when resources come first, they are unloaded too.
        transition: What comes first.
    """
    available = {version for version, state in states.items() if state is VersionState.AVAILABLE}
    resources_first = transition is Transition.RESOURCES
    held = set() if resources_first and wanted else set(needed)
    spare = available - set(wanted) - held
    lacking = [version for version in wanted if version not in available]
    if resources_first and (spare or VersionState.UNLOADING in states.values()):
        return Unload(min(spare)) if spare else None
    if lacking:
        # A version that is still unloading has to end before it is loaded again.
        return next((Load(version) for version in lacking if states[version] is not VersionState.UNLOADING), None)
    return Unload(min(spare)) if spare else None
