"""A disk that fails: nothing of a call is recorded, and the next one works."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from event_log.errors import LogUnavailable
from event_log.files import segment_path
from event_log.writer import Appended
from tests.support.logs import entry, payloads, writer


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As if the disk were full once a file has so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_records_nothing_of_the_call_and_is_recovered_from(tmp_path: Path) -> None:
    log = writer(tmp_path)
    log.append([entry("a")])
    size = segment_path(tmp_path, 1).stat().st_size
    with no_file_larger_than(size + 60), pytest.raises(LogUnavailable, match="File too large"):
        log.append([entry("b"), entry("c", "x" * 100)])
    assert segment_path(tmp_path, 1).stat().st_size == size
    assert log.append([entry("c", "y"), entry("b")]) == [Appended.RECORDED] * 2
    assert payloads(tmp_path) == ["a=", "c=y", "b="]


def test_a_segment_that_can_not_be_begun_is_begun_by_another_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, other, really_open = writer(tmp_path, segment_bytes=1), writer(tmp_path, segment_bytes=1), os.open

    def no_new_segment(path: Path, *flags: int) -> int:
        return fail() if path == segment_path(tmp_path, 2) else really_open(path, *flags)

    log.append([entry("a")])
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", no_new_segment)
        with pytest.raises(LogUnavailable, match="input/output error"):
            log.append([entry("b")])
        assert log.append([entry("a")]) == [Appended.DUPLICATE]
    assert other.append([entry("b")]) == [Appended.RECORDED]
    assert log.append([entry("b"), entry("c")]) == [Appended.DUPLICATE, Appended.RECORDED]
    assert payloads(tmp_path) == ["a=", "b=", "c="]


def fail(*_: object) -> NoReturn:
    raise OSError("input/output error")


@pytest.mark.parametrize("is_stuck", [False, True])
def test_a_sync_that_fails_records_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_stuck: bool
) -> None:
    log = writer(tmp_path)
    log.append([entry("a")])
    with monkeypatch.context() as patch:
        broken: list[tuple[str, Callable[..., None]]] = [("fsync", fail), ("ftruncate", fail)]
        for name, replacement in broken[: 1 + is_stuck]:
            patch.setattr(os, name, replacement)
        with pytest.raises(LogUnavailable, match="input/output error"):
            log.append([entry("b", "1")])
    # What could not be cut off is there, as its caller, who was told nothing, may have wanted.
    expected = Appended.DUPLICATE if is_stuck else Appended.RECORDED
    assert log.append([entry("b", "1")]) == [expected]
    assert payloads(tmp_path) == ["a=", "b=1"]
