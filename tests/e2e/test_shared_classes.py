"""`paceline serve --runtime openvino --workers 2`: what both encode of the classes is in memory once."""

import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import grpc
import pytest

from bench.memory import children
from paceline import recommend_request
from paceline.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from tests.support.forced import FORCED
from tests.support.polling import until
from tests.support.processes import ends_within
from tests.support.server_process import ServerProcess
from tests.support.site import EARLIER, YESTERDAY, Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CLASSES, LAYERS = 1200, "256,8"
"""A state of more than 1 MiB."""
MOMENT = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
LOAD_SECONDS = 120.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site(tmp_path_factory.mktemp("site"))
    sizes = ("--members", 100, "--classes", CLASSES, "--days", 6, "--events-per-day", 1000, "--seed", 3)
    made.paceline("simulate", "--out", made.root / "data" / "world", *sizes)
    made.paceline("features", "apply")
    made.paceline("features", "materialize", "--until", EARLIER)
    flags = ("--until", EARLIER, "--epochs", 1, "--layer-sizes", LAYERS, *FORCED)
    made.paceline("train", "--out", made.models, *flags)
    return made


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the server makes its own folders in."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setenv("TMPDIR", str(made))
    return made


@pytest.fixture
def server(site: Site, folders: Path) -> Iterator[ServerProcess]:
    flags = ("--runtime", "openvino", "--workers", 2, "--log-level", "debug")
    with site.server(folders.with_name("server.log"), *flags) as started:
        yield started


@pytest.fixture
def alone(site: Site, folders: Path) -> Iterator[ServerProcess]:
    """A server that shares with nobody."""
    with site.server(folders.with_name("alone.log"), "--runtime", "openvino") as started:
        until(lambda: started.metric("paceline_versions", state="AVAILABLE") == 1, LOAD_SECONDS)
        yield started


def mapped(pid: int, folders: Path) -> Mapping[str, str]:
    """Returns the shared files that a process has mapped: their paths by their inodes."""
    lines = [line.split(maxsplit=5) for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()]
    return {words[4]: words[5] for words in lines if len(words) > 5 and words[5].startswith(str(folders))}


def shared(server: ServerProcess, folders: Path) -> set[str]:
    """Returns the inodes of the files that both workers have mapped, if they are the same and have names."""
    found = [mapped(pid, folders) for pid in children(server.process.pid)]
    names = {str(path) for path in folders.glob("*/*")}
    is_one = len(found) == 2 and found[0] == found[1] and set(found[0].values()) == names
    return set(found[0]) if is_one else set()


def scores(address: str) -> Sequence[tuple[str, float]]:
    """Asks by a connection of its own."""
    request = recommend_request("m000001", page_size=50, request_time=MOMENT)
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        answer = RecommendationServiceStub(channel).RecommendClasses(request, timeout=10)
    return [(row.class_id, row.score) for row in answer.classes]


def assert_ranks_as(server: ServerProcess, alone: ServerProcess) -> None:
    """Each of the workers, over which the kernel spreads connections."""
    before = len(server.lines)
    expected = scores(alone.address)
    assert len(expected) == 50

    def have_both_answered() -> bool:
        assert scores(server.address) == expected
        lines = [line for line in server.lines[before:] if "/RecommendClasses" in line]
        return all(any(f"worker={number} " in line for line in lines) for number in range(2))

    until(have_both_answered, LOAD_SECONDS)


def refresh(site: Site, servers: Sequence[ServerProcess], number: int) -> None:
    """Materialises, and waits until all processes have taken up the catalogue for the `number`-th time."""
    site.paceline("features", "materialize", "--until", YESTERDAY)
    for server, processes in zip(servers, (2, 1), strict=True):
        until(partial(has_refreshed, server, processes * number), LOAD_SECONDS)


def has_refreshed(server: ServerProcess, times: int) -> bool:
    return sum("the catalogue has generation" in line for line in server.lines) == times


def test_workers_have_the_encoded_classes_in_memory_once(
    site: Site, server: ServerProcess, alone: ServerProcess, folders: Path
) -> None:
    """Also after one of them was killed, and after new catalogues, the older ones of which they leave."""
    first = until(lambda: shared(server, folders), LOAD_SECONDS)
    assert_ranks_as(server, alone)

    killed = int(re.findall(r"worker=0 pid=(\d+) started", "\n".join(server.lines))[-1])
    os.kill(killed, signal.SIGKILL)
    assert ends_within(killed, LOAD_SECONDS)
    until(lambda: shared(server, folders) == first, LOAD_SECONDS)
    assert_ranks_as(server, alone)

    for number in (1, 2):  # the one before is kept for calls under way
        refresh(site, (server, alone), number)
    second = until(lambda: shared(server, folders), LOAD_SECONDS)
    assert not first & second
    assert_ranks_as(server, alone)

    workers = list(children(server.process.pid))
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(LOAD_SECONDS) == 0
    assert all(ends_within(pid, 0) for pid in workers)
    assert not list(folders.glob("paceline-*"))


def test_workers_unlink_what_they_shared_when_their_supervisor_is_killed(
    server: ServerProcess, folders: Path
) -> None:
    until(lambda: shared(server, folders), LOAD_SECONDS)
    workers = list(children(server.process.pid))
    server.process.kill()
    assert all(ends_within(pid, LOAD_SECONDS) for pid in workers)
    assert not list(folders.glob("*/*"))
