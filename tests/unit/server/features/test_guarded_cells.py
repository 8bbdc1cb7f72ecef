import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from server.features.cells import Cells, ViewFeatures
from server.features.guarded_cells import GuardedCells, Prober, StoreDown
from server.features.pace import Pace

CELLS = Cells({"a": [1]}, {"profile": [0.0]})


@dataclass
class Store:
    failure: Exception | None = None
    reads: int = 0
    seconds: float = 0.0
    now: float = 0.0

    def read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        del ids, views
        self.reads += 1
        self.now += self.seconds
        if self.failure is not None:
            raise self.failure
        return CELLS


@dataclass
class Stepped:
    """A probe that looks when it is told to."""

    looks: list[Callable[[], bool]] = field(default_factory=list)

    def __call__(self, is_back: Callable[[], bool]) -> None:
        self.looks.append(is_back)


def _sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    "failure",
    [
        RedisConnectionError("refused"),
        RedisTimeoutError("timeout"),
        OSError("unreachable"),
        _sqlite(sqlite3.SQLITE_BUSY),
        _sqlite(sqlite3.SQLITE_IOERR_READ),
    ],
)
def test_a_store_that_is_down_is_asked_by_the_probe_alone_until_it_is_back(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store, probe = Store(failure), Stepped()
    cells = GuardedCells(store, probe, Pace())

    for _ in range(3):
        with pytest.raises(StoreDown):
            cells.read(["m"], [])

    assert store.reads == 1
    (look,) = probe.looks
    assert not look()
    store.failure = None
    with pytest.raises(StoreDown):
        cells.read(["m"], [])
    assert look()
    assert cells.read(["m"], []) is CELLS
    said = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert said == [
        f"the online store can't be read: {type(failure).__name__}: {failure}",
        "the online store can be read again",
    ]


@pytest.mark.parametrize("failure", [ResponseError("WRONGTYPE"), _sqlite(sqlite3.SQLITE_ERROR)])
def test_wrong_answers_are_for_the_caller_and_no_reason_to_leave_the_store_alone(failure: Exception) -> None:
    """Such as that a view's table is not there, which only one version may read."""
    store, probe = Store(failure), Stepped()
    cells = GuardedCells(store, probe, Pace())

    for _ in range(2):
        with pytest.raises(type(failure)):
            cells.read(["m"], [])

    assert (store.reads, probe.looks) == (2, [])


def test_a_store_that_is_back_with_wrong_answers_is_back() -> None:
    store, probe = Store(RedisConnectionError("refused")), Stepped()
    cells = GuardedCells(store, probe, Pace())
    with pytest.raises(StoreDown):
        cells.read(["m"], [])

    store.failure = ResponseError("WRONGTYPE")

    assert probe.looks[0]()


def test_a_prober_calls_until_it_is_told_yes_and_ends_when_closed() -> None:
    answers, is_told = iter([False, False, True]), Event()
    prober = Prober(seconds=0.001)

    def look() -> bool:
        found = next(answers)
        if found:
            is_told.set()
        return found

    prober(look)
    assert is_told.wait(10)
    assert next(answers, None) is None
    prober(lambda: False)
    prober.close()


def test_a_store_that_is_slow_is_left_alone_until_it_is_fast(caplog: pytest.LogCaptureFixture) -> None:
    store, probe = Store(seconds=0.001), Stepped()
    cells = GuardedCells(store, probe, Pace(0.005, lambda: 0.0), lambda: store.now)
    cells.read(["m"], [])

    store.seconds = 0.04
    for _ in range(3):
        assert cells.read(["m"], []) is CELLS

    with pytest.raises(StoreDown):
        cells.read(["m"], [])
    assert "it is slow, the last read took 40.0 ms" in caplog.text
    (look,) = probe.looks
    assert not look()
    store.seconds = 0.001
    assert look()
    assert cells.read(["m"], []) is CELLS
