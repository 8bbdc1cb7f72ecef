"""What processes hold in memory."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_SHARE = "Pss:"


def proportional_mib(pid: int) -> float:
    """Returns the memory of a process in MiB, what it shares divided among those that share it (PSS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(_SHARE)) / 1024


def children(pid: int) -> Iterator[int]:
    """Yields the processes that a process has started and that still run."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended since
            yield from map(int, (task / "children").read_text(encoding="utf-8").split())


def family_mib(pid: int) -> float:
    """Returns the same of a process, its children and theirs together."""
    return proportional_mib(pid) + sum(map(family_mib, children(pid)))
