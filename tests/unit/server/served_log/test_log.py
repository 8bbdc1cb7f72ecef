"""Logging beside the requests: what is sampled, what waits, what is written, and what goes wrong."""

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pytest

from server.ranking.ports import Served
from server.served_log.log import AT_ONCE, FILE_BYTES, FILE_SECONDS, ServedLog
from server.served_log.rows import Rows
from tests.support import served as answers
from tests.support.served import catalogue, manifest

MODEL = manifest()
CLASSES = catalogue([{"class_text": "a"}, {}])


class World:
    """Where a log writes to, and whom it tells."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.failure: Exception | None = None
        self.blindness: Exception | None = None
        self.written: list[tuple[str, pa.Table]] = []
        self.outcomes: Counter[str] = Counter()
        self.made_count = 0

    def write(self, contract: str, rows: pa.Table) -> None:
        if self.failure:
            raise self.failure
        self.written.append((contract, rows))

    def made(self, served: Served, rows: Rows) -> None:  # noqa: ARG002 - of the port
        if self.blindness:
            raise self.blindness
        self.made_count += rows.answer_count

    def ended(self, outcome: str, answer_count: int) -> None:
        self.outcomes[outcome] += answer_count

    def log(self, share: float = 1.0, queue_size: int = 4096) -> ServedLog:
        return ServedLog(share, self.write, self, clock=lambda: self.now, queue_size=queue_size)

    @property
    def ids(self) -> Iterator[str]:
        for _, rows in self.written:
            yield from rows["request_id"].to_pylist()[::2]


@pytest.fixture
def world() -> World:
    return World()


def offer(log: ServedLog, ids: list[str]) -> None:
    for request_id in ids:
        log.offer(answers.served(request_id, MODEL, CLASSES))


IDS = [f"r{number}" for number in range(500)]
MARKS = IDS[AT_ONCE - 1 : 3 * AT_ONCE : AT_ONCE]
"""The last of each that are made into rows in one go."""


async def test_all_that_was_offered_is_written_in_its_order_when_the_log_ends(world: World) -> None:
    log = world.log()
    offer(log, IDS)
    await log.close()
    assert list(world.ids) == IDS
    assert world.outcomes == {"logged": len(IDS)}
    assert world.made_count == len(IDS)


def test_the_sample_is_a_share_the_same_in_each_process_and_grows_with_the_share(world: World) -> None:
    samples = []
    for share in (0.1, 0.1, 0.3):
        world.written.clear()
        log = world.log(share)
        offer(log, IDS)
        log.flush()
        samples.append(set(world.ids))
    first, again, larger = samples
    assert first == again
    assert first < larger
    assert len(first) == pytest.approx(50, abs=20)
    assert len(larger) == pytest.approx(150, abs=40)


def test_what_finds_too_many_waiting_is_dropped_and_counted(world: World) -> None:
    log = world.log(queue_size=3)
    offer(log, IDS[:5])
    log.flush()
    assert list(world.ids) == IDS[:3]
    assert world.outcomes == {"dropped": 2, "logged": 3}


def test_rows_wait_for_a_file_but_not_for_ever(world: World) -> None:
    log = world.log()
    offer(log, IDS[:1])
    log.step()
    world.now += FILE_SECONDS - 1
    log.step()
    assert world.written == []
    world.now += 1
    log.step()
    assert list(world.ids) == IDS[:1]
    log.step()
    assert len(world.written) == 1


def test_a_file_that_is_large_enough_does_not_wait(world: World) -> None:
    long_text = "x" * (FILE_BYTES // 3)
    log = world.log()
    log.offer(answers.served("r1", MODEL, CLASSES, member_text=long_text))
    log.step()
    assert world.written == []
    log.offer(answers.served("r2", MODEL, CLASSES, member_text=long_text))
    log.step()
    assert list(world.ids) == ["r1", "r2"]


def test_what_waits_is_written_in_files_that_are_large_enough_however_much_there_is(world: World) -> None:
    long_text = "x" * (FILE_BYTES // 2)
    log = world.log()
    for request_id in IDS[: 3 * AT_ONCE]:
        log.offer(answers.served(request_id, MODEL, CLASSES, member_text=long_text if request_id in MARKS else ""))
    log.step()
    assert list(world.ids) == IDS[: 3 * AT_ONCE]
    assert len(world.written) == 3


def test_answers_that_can_not_be_measured_are_logged(world: World) -> None:
    log = world.log()
    world.blindness = ValueError("another profile")
    offer(log, IDS[:2])
    log.flush()
    assert list(world.ids) == IDS[:2]
    assert world.outcomes == {"logged": 2}


def test_versions_of_one_contract_share_files_and_others_have_their_own(world: World) -> None:
    log, other = world.log(), manifest(5)
    del other.inputs[0]
    for request_id, of in (("r1", MODEL), ("r2", manifest(4)), ("r3", other)):
        log.offer(answers.served(request_id, of, CLASSES))
    log.flush()
    (one, both), (another, alone) = world.written
    assert both["version"].unique().to_pylist() == [3, 4]
    assert alone["version"].unique().to_pylist() == [5]
    assert one != another


def test_a_failing_disk_loses_its_rows_and_the_log_goes_on(world: World) -> None:
    log = world.log()
    world.failure = OSError("no space left on device")
    offer(log, IDS[:2])
    log.flush()
    world.failure = None
    offer(log, IDS[2:3])
    log.flush()
    assert list(world.ids) == IDS[2:3]
    assert world.outcomes == {"failed": 2, "logged": 1}


def test_answers_that_can_not_be_made_into_rows_do_not_end_the_log(world: World) -> None:
    log, odd = world.log(), manifest(9)
    odd.inputs[0].name = "nowhere"
    log.offer(answers.served("r1", odd, CLASSES))
    offer(log, IDS[:1])
    log.flush()
    assert list(world.ids) == IDS[:1]
    assert world.outcomes == {"failed": 1, "logged": 1}


def test_an_answer_without_classes_is_not_logged(world: World) -> None:
    log = world.log()
    log.offer(answers.served("r1", MODEL, CLASSES, []))
    log.flush()
    assert (world.written, world.outcomes) == ([], {})
