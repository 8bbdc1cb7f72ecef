"""Snapshots that versions and processes share, over a store in a dict and a folder on disk."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from contract.stubs import manifest_pb2 as pb
from server.catalogue.folder_lock import folder_lock
from server.catalogue.reader import CatalogueReader
from server.catalogue.snapshot_folder import SnapshotFolder
from server.catalogue.snapshots import Snapshots
from server.domain.errors import StoreUnavailable
from server.ranking.ports import Snapshot
from tests.support.fakes import manifest, text_input

MAX_AGE = 300.0
LAST_KNOWN = 3600.0


class CountingStore:
    """An online store with two classes, which counts how often their features are read."""

    def __init__(self) -> None:
        self.generation = 1
        self.reads = 0
        self.failure: Exception | None = None
        self.now = 1000.0
        self.on_read: Callable[[], None] = lambda: None

    def read(self, view: str, ids: Sequence[str], inputs: Sequence[pb.Input]) -> Mapping[str, list[Any]]:
        if self.failure is not None:
            raise self.failure
        if view == "classes":
            self.reads += 1
            self.on_read()
        row = {"generation": self.generation, "shard_count": 1, "class_ids": ["a", "b"]}
        return {spec.name: [row.get(spec.name)] * len(ids) for spec in inputs}


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


class Machine:
    """Where processes that read the store share a folder. Each has threads of its own."""

    def __init__(self, store: CountingStore, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._store = store
        self._stack = stack
        self._threads: list[ThreadPoolExecutor] = []

    def start(self, name: bytes = b"the store") -> Snapshots:
        """Starts a process, once what others have begun to write is there."""
        self.files()
        thread, disk = (self._stack.enter_context(ThreadPoolExecutor(1)) for _ in range(2))
        self._threads.append(disk)
        reader = CatalogueReader(self._store, thread, self._now)
        kept = SnapshotFolder(self.folder, name, disk, now=self._now, useful_seconds=LAST_KNOWN)
        ages = {"max_age_seconds": MAX_AGE, "last_known_seconds": LAST_KNOWN}
        return Snapshots(reader, kept, now=self._now, **ages)

    def files(self) -> list[Path]:
        """Returns what is in the folder when all is written."""
        for thread in self._threads:
            thread.submit(int).result()
        return sorted(self.folder.iterdir()) if self.folder.is_dir() else []

    def hold(self, goes_on: Event) -> None:
        """Has the last process write nothing until the event."""
        self._threads[-1].submit(goes_on.wait)

    def _now(self) -> float:
        return self._store.now


@pytest.fixture
def machine(store: CountingStore, tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        yield Machine(store, tmp_path / "data" / "snapshots", stack)


@pytest.fixture
def snapshots(machine: Machine) -> Snapshots:
    return machine.start()


def version(number: int, *features: str) -> pb.Manifest:
    """Returns the manifest of a version that reads these class features."""
    reads = manifest(number)
    reads.inputs.extend(text_input(name=name, source=pb.SOURCE_CLASS, feature_view="classes") for name in features)
    return reads


async def test_versions_that_read_the_same_share_a_snapshot(store: CountingStore, snapshots: Snapshots) -> None:
    first = await snapshots.current(version(1, "title"))
    assert await snapshots.current(version(2, "title")) is first
    assert store.reads == 1


async def test_a_process_that_starts_anew_reads_nothing(store: CountingStore, machine: Machine) -> None:
    first = await machine.start().current(version(1, "title"))
    store.now += MAX_AGE

    again = await machine.start().current(version(2, "title"))

    assert store.reads == 1
    assert (again.class_ids, again.read_time) == (first.class_ids, first.read_time)


async def test_processes_read_the_store_once_among_them(store: CountingStore, machine: Machine) -> None:
    """All of them at the start, and again when what they have has grown old or there is another generation."""
    workers = [machine.start() for _ in range(3)]

    for reads in range(1, 4):
        found = await asyncio.gather(*(worker.current(version(1, "title")) for worker in workers))

        assert store.reads == reads
        assert {snapshot.read_time for snapshot in found} == {store.now}
        assert {snapshot.generation for snapshot in found} == {store.generation}
        if reads == 1:
            store.now += MAX_AGE + 1
        else:
            store.now += 1
            store.generation += 1


@pytest.mark.parametrize("change", [{"generation": 2}, {"now": 1000.0 + MAX_AGE + 1}, {"now": 999.0}])
async def test_what_is_on_disk_of_another_generation_or_time_is_read_again(
    store: CountingStore, machine: Machine, change: dict[str, Any]
) -> None:
    """So it is if the clock went back."""
    await machine.start().current(version(1, "title"))
    vars(store).update(change)

    found = await machine.start().current(version(1, "title"))

    assert store.reads == 2
    assert (found.generation, found.read_time) == (store.generation, store.now)
    await machine.start().current(version(1, "title"))
    assert store.reads == 2


async def test_what_another_version_or_store_reads_is_not_used(store: CountingStore, machine: Machine) -> None:
    await machine.start().current(version(1, "title"))
    more = await machine.start().current(version(1, "title", "mood"))
    assert list(more.features) == ["title", "mood"]
    assert store.reads == 2

    await machine.start(b"another store").current(version(1, "title"))
    assert store.reads == 3
    await machine.start().current(version(1, "title"))
    assert store.reads == 3


@pytest.mark.parametrize("content", [b"", b"no snapshot", b"0" * 128 + b"\n[1,1000.0]\n"])
async def test_a_damaged_file_is_told_and_written_anew(
    store: CountingStore, machine: Machine, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await machine.start().current(version(1, "title"))
    (file,) = machine.files()
    file.write_bytes(content)

    await machine.start().current(version(1, "title"))
    assert store.reads == 2
    assert f"the snapshot {file} is not used" in caplog.text
    await machine.start().current(version(1, "title"))
    assert store.reads == 2


@pytest.mark.parametrize("is_new", [True, False])
async def test_while_the_store_is_down_a_version_loads_with_what_was_read_last(
    store: CountingStore, machine: Machine, caplog: pytest.LogCaptureFixture, *, is_new: bool
) -> None:
    """By another process, or by this one."""
    before = machine.start()
    first = await before.current(version(1, "title"))
    store.now, store.failure = store.now + LAST_KNOWN, StoreUnavailable("it is down")
    if is_new:
        snapshots = machine.start()
    else:
        snapshots = before
        machine.files().pop().unlink()

    await snapshots.check(version(2, "title"))
    found = await snapshots.current_or_last_known(version(2, "title"))

    assert (found.class_ids, found.read_time) == (first.class_ids, first.read_time)
    assert caplog.messages == ["version 2 has the catalogue of 3600 s ago: it is down"]
    with pytest.raises(StoreUnavailable):
        await snapshots.current(version(2, "title"))  # what serves keeps what it has
    store.failure = None
    assert (await snapshots.current(version(2, "title"))).read_time == store.now


async def test_the_same_catalogue_serves_on_when_the_store_is_back_soon(
    store: CountingStore, machine: Machine
) -> None:
    await machine.start().current(version(1, "title"))
    store.failure = StoreUnavailable("it is down")
    snapshots = machine.start()
    found = await snapshots.current_or_last_known(version(1, "title"))

    store.failure = None

    assert await snapshots.current(version(1, "title")) is found
    assert store.reads == 1


async def test_a_catalogue_that_is_too_old_or_of_another_version_is_none(
    store: CountingStore, machine: Machine
) -> None:
    await machine.start().current(version(1, "title"))
    store.failure = StoreUnavailable("it is down")
    snapshots = machine.start()
    for reads in (version(2, "title", "mood"), version(1, "title")):
        for load in (snapshots.check, snapshots.current_or_last_known):
            with pytest.raises(StoreUnavailable, match="it is down"):
                await load(reads)
        store.now += LAST_KNOWN + 1


async def test_a_folder_that_can_not_be_written_is_told_once_and_costs_nothing(
    store: CountingStore, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    folder = machine.folder
    folder.parent.write_text("a file")
    snapshots = machine.start()
    for _ in range(3):
        await snapshots.current(version(1, "title"))
        store.generation += 1
    assert store.reads == 3
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith(f"snapshots of the catalogue can't be kept in {folder}: ")

    folder.parent.unlink()
    await snapshots.current(version(1, "title"))
    machine.files()
    assert caplog.messages[1:] == [f"snapshots of the catalogue are kept in {folder} again"]


async def test_files_of_no_use_any_more_are_removed(store: CountingStore, machine: Machine) -> None:
    snapshots = machine.start()
    for feature in ("first", "second"):
        await snapshots.current(version(1, feature))
        store.now += LAST_KNOWN
    begun, notes = (machine.folder / name for name in (".begun.snapshot.partial", "notes.txt"))
    for file in (begun, notes):
        file.touch()
        os.utime(file, (0, 0))

    await snapshots.current(version(1, "third"))

    assert [file.suffix for file in machine.files()] == [".snapshot", ".snapshot", ".txt"]


async def test_a_process_that_hangs_while_it_reads_is_not_waited_for_for_ever(
    store: CountingStore, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.catalogue.snapshot_folder.WAIT_SECONDS", 0.01)
    snapshots = machine.start()
    await snapshots.current(version(1, "title"))
    (file,) = machine.files()
    store.generation = 2
    async with folder_lock(machine.folder, 1.0):
        assert (await snapshots.current(version(1, "title"))).generation == 2
    assert store.reads == 2
    assert machine.files() == [file]
    assert f"[1,{store.now}]" in file.read_text()  # whoever has its turn writes


async def test_others_wait_until_what_was_read_is_written(store: CountingStore, machine: Machine) -> None:
    snapshots, goes_on = machine.start(), Event()
    store.on_read = lambda: machine.hold(goes_on)

    await snapshots.current(version(1, "title"))

    try:
        async with folder_lock(machine.folder, 0.0) as lock:
            assert lock is None
    finally:
        goes_on.set()
    async with folder_lock(machine.folder, 10.0) as lock:
        assert lock is not None
    await machine.start().current(version(1, "title"))
    assert store.reads == 1


async def test_versions_whose_on_demand_views_compute_the_same_share_a_snapshot(snapshots: Snapshots) -> None:
    """Their golden rows are those of their trainings."""

    async def current(number: int, divisor: int) -> Snapshot:
        reads = version(number, "title")
        function = f"def f(i):\n    return {{'half': len(i['title']) / {divisor}}}"
        view = pb.OnDemandView(name="v", source=pb.SOURCE_CLASS, function=function, inputs=[reads.inputs[-1]])
        view.golden_inputs["title"] = [f"of version {number}"]
        reads.on_demand_views.append(view)
        return await snapshots.current(reads)

    first = await current(1, 2)
    assert await current(2, 2) is first
    assert await current(3, 3) is not first


async def test_a_version_that_reads_more_gets_its_own(snapshots: Snapshots) -> None:
    first = await snapshots.current(version(1, "title"))
    second = await snapshots.current(version(2, "title", "mood"))
    assert set(second.columns) - set(first.columns) == {"mood"}
    assert await snapshots.current(version(1, "title")) is first


@pytest.mark.parametrize("change", [{"generation": 2}, {"now": 1000.0 + MAX_AGE + 1}])
async def test_another_generation_or_age_is_read_again(
    store: CountingStore, snapshots: Snapshots, change: dict[str, Any]
) -> None:
    first = await snapshots.current(version(1, "title"))
    vars(store).update(change)
    second = await snapshots.current(version(1, "title"))
    assert second is not first
    assert second.generation == store.generation


async def test_a_failure_forgets_nothing(store: CountingStore, snapshots: Snapshots) -> None:
    first = await snapshots.current(version(1, "title"))
    store.failure = StoreUnavailable("down")
    with pytest.raises(StoreUnavailable):
        await snapshots.current(version(1, "title"))
    store.failure = None
    assert await snapshots.current(version(1, "title")) is first


async def test_few_are_remembered_and_those_used_last(store: CountingStore, snapshots: Snapshots) -> None:
    kept = await snapshots.current(version(0, "title"))
    forgotten = await snapshots.current(version(0, "feature_0"))
    for number in range(10):
        await snapshots.current(version(number, f"feature_{number}"))
        assert await snapshots.current(version(0, "title")) is kept
    assert await snapshots.current(version(0, "feature_0")) is not forgotten
    assert store.reads == 11
