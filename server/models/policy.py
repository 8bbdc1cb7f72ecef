"""Which step is taken next towards the versions that are wanted. Pure functions of what is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

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


def desired_versions(present: Collection[int], excluded: Collection[int]) -> set[int]:
    """Returns the versions that should serve: the newest of `present` that is not excluded, if there is one.

    Args:
        present: The versions that are published.
        excluded: Those that were refused, or that wait before they are tried again.
    """
    acceptable = set(present) - set(excluded)
    return {max(acceptable)} if acceptable else set()


def next_action(states: Mapping[int, VersionState], desired: Collection[int]) -> Action | None:
    """Returns the one step that brings the versions nearer to the desired ones, if there is one to take now.

    Availability comes first: a version is unloaded only once every desired one is available. If none is desired,
    the newest available one stays, though its files are gone.

    Args:
        states: The state of every version seen.
        desired: The versions that should serve, each one of `states`.
    """
    available = {version for version, state in states.items() if state is VersionState.AVAILABLE}
    lacking = set(desired) - available
    if lacking:
        newest = max(lacking)
        return None if states[newest] is VersionState.UNLOADING else Load(newest)
    spare = available - set(desired or [max(available, default=0)])
    return Unload(min(spare)) if spare else None
