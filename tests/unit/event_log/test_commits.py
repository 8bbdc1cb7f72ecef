"""Group commits over an append that waits, fails or counts as a test says."""

import threading
from collections.abc import Sequence

import pytest

from event_log.commits import GroupCommits
from event_log.errors import LogUnavailable
from event_log.writer import Appended, Entry
from tests.support.logs import entry


class Disk:
    """Keeps groups; while held, a group waits."""

    def __init__(self) -> None:
        self.groups: list[list[bytes]] = []
        self.begun = threading.Semaphore(0)
        self.open = threading.Event()
        self.open.set()
        self.error: Exception | None = None

    def append(self, entries: Sequence[Entry]) -> Sequence[Appended]:
        self.begun.release()
        assert self.open.wait(30)
        if self.error:
            raise self.error
        self.groups.append([found.payload for found in entries])
        return [Appended.DUPLICATE if b"old" in found.payload else Appended.RECORDED for found in entries]


def test_what_comes_while_the_disk_works_is_one_group(disk: Disk) -> None:
    commits = GroupCommits(disk.append)
    disk.open.clear()
    first = commits.submit([entry("a")])
    assert disk.begun.acquire(timeout=30)
    others = [commits.submit([entry(name), entry("old")]) for name in "bcd"]
    disk.open.set()
    assert first.result(30) == [Appended.RECORDED]
    assert [other.result(30) for other in others] == [[Appended.RECORDED, Appended.DUPLICATE]] * 3
    assert [len(group) for group in disk.groups] == [1, 6]


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.mark.parametrize("error", [LogUnavailable("full"), ZeroDivisionError("a bug")])
def test_a_group_that_fails_is_told_and_the_next_one_works(disk: Disk, error: Exception) -> None:
    commits, disk.error = GroupCommits(disk.append), error
    with pytest.raises(type(error)):
        commits.submit([entry("a")]).result(30)
    disk.error = None
    assert commits.submit([entry("b")]).result(30) == [Appended.RECORDED]


def test_too_many_that_wait_are_refused(disk: Disk) -> None:
    commits = GroupCommits(disk.append, max_pending=3)
    disk.open.clear()
    commits.submit([entry("a")])
    assert disk.begun.acquire(timeout=30)
    waits = commits.submit([entry("b"), entry("c")])
    with pytest.raises(LogUnavailable, match="2 entries wait for the disk, 2 more were to; expected at most 3"):
        commits.submit([entry("d"), entry("e")])
    disk.open.set()
    assert len(waits.result(30)) == 2


def test_closing_finishes_what_was_submitted_and_takes_no_more(disk: Disk) -> None:
    seconds: list[float] = []
    commits = GroupCommits(disk.append, seconds.append)
    results = [commits.submit([entry(name)]) for name in "abc"]
    assert commits.close()
    assert all(result.done() for result in results)
    assert len(seconds) == len(disk.groups)
    with pytest.raises(LogUnavailable, match="was closed"):
        commits.submit([entry("d")])


def test_closing_does_not_wait_for_a_disk_that_hangs(disk: Disk) -> None:
    commits = GroupCommits(disk.append)
    disk.open.clear()
    waits = commits.submit([entry("a")])
    assert disk.begun.acquire(timeout=30)
    assert not commits.close(timeout_seconds=0)
    disk.open.set()
    assert waits.result(30) == [Appended.RECORDED]
    assert commits.close()


def test_a_group_without_entries_is_not_measured(disk: Disk) -> None:
    seconds: list[float] = []
    commits = GroupCommits(disk.append, seconds.append)
    assert commits.submit([]).result(30) == []
    commits.close()
    assert seconds == []


def test_what_nobody_waits_for_any_more_is_not_recorded(disk: Disk) -> None:
    commits = GroupCommits(disk.append)
    disk.open.clear()
    commits.submit([entry("a")])
    assert disk.begun.acquire(timeout=30)
    assert commits.submit([entry("b")]).cancel()
    kept = commits.submit([entry("c")])
    disk.open.set()
    assert kept.result(30) == [Appended.RECORDED]
    assert disk.groups == [[b"a="], [b"c="]]
