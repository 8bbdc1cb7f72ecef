"""Two servers of one folder of models: what is moved in one is moved in both, without a reload."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import grpc
import pytest

from contract.manifest import read_manifest, write_manifest
from paceline.v1 import recommendation_service_pb2 as pb
from paceline.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from tests.support.load import Load, loading
from tests.support.polling import until
from tests.support.server_process import ServerProcess
from tests.support.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FLAGS = ("--poll-seconds", "1", "--log-level", "debug")
"""As often as by default."""
EFFECTIVE_SECONDS = 2.0
"""Within which every server has taken note of a move."""
LOAD_SECONDS = 120.0
SHADOWED = 20
"""Requests that a shadow is to score before its metrics are looked at."""
OK = grpc.StatusCode.OK

Asks = Sequence[Callable[..., pb.RecommendClassesResponse]]


@pytest.fixture(scope="module")
def site(first_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Version 2 of the model is like version 1."""
    root = tmp_path_factory.mktemp("labels")
    first, second = (root / "models" / "ranking" / number for number in ("1", "2"))
    for version in (first, second):
        shutil.copytree(first_site.models / "ranking" / "1", version)
    manifest = read_manifest(first)
    manifest.version = 2
    write_manifest(second, manifest)
    (root / "data").symlink_to(first_site.root / "data")
    return Site(root)


@pytest.fixture(scope="module")
def servers(site: Site) -> Iterator[Sequence[ServerProcess]]:
    """Each has both versions loaded, version 2 is stable, and version 1 is old."""
    with ExitStack() as stack:
        started = [stack.enter_context(site.server(site.root / f"log{n}", *FLAGS)) for n in (1, 2)]
        until(lambda: all(state(server, 2) == "AVAILABLE" for server in started), LOAD_SECONDS)
        paceline(site, "promote", 1, "--label", "old", "--load", server=started[0])
        until(lambda: all(state(server, 1) == "AVAILABLE" for server in started), LOAD_SECONDS)
        yield started


@pytest.fixture(scope="module")
def asks(servers: Sequence[ServerProcess]) -> Iterator[Asks]:
    """Asks each server for the classes of a member."""
    with ExitStack() as stack:
        channels = [stack.enter_context(grpc.insecure_channel(server.address)) for server in servers]
        yield [partial(recommend, RecommendationServiceStub(channel)) for channel in channels]


@pytest.fixture(autouse=True)
def stable_is_on_version_2(site: Site, servers: Sequence[ServerProcess]) -> None:
    paceline(site, "promote", 2, server=servers[0])
    until(lambda: on(servers) == {2}, EFFECTIVE_SECONDS)


def recommend(stub: RecommendationServiceStub, member: int = 7) -> pb.RecommendClassesResponse:
    request = pb.RecommendClassesRequest(member_id=f"m{member:06d}", page_size=10)
    answer: pb.RecommendClassesResponse = stub.RecommendClasses(request, timeout=10)
    return answer


def paceline(site: Site, *words: object, server: ServerProcess) -> Any:
    return site.document("models", *words, "--admin-address", server.admin_address)


def state(server: ServerProcess, version: int) -> str:
    """Returns the last state that the log tells of a version."""
    told = [line.partition("state=")[2].split()[0] for line in server.lines if f"version={version} state=" in line]
    return told[-1] if told else ""


def on(servers: Sequence[ServerProcess], label: str = "stable") -> set[int]:
    """Returns the versions that a label is on."""
    return {int(server.metric("paceline_label_version", model="ranking", label=label)) for server in servers}


def versions(load: Load) -> list[int]:
    return [answer.model_version.version for answer in load.answers]


def test_a_rollback_moves_every_server_at_once_and_loads_nothing(
    site: Site, servers: Sequence[ServerProcess], asks: Asks
) -> None:
    paceline(site, "promote", 1, server=servers[0])
    paceline(site, "promote", 2, "-m", "better", server=servers[0])
    until(lambda: on(servers) == {2}, EFFECTIVE_SECONDS)
    runners = [server.runners for server in servers]
    with loading(*asks) as load:
        until(lambda: 2 in versions(load), EFFECTIVE_SECONDS)
        back = paceline(site, "rollback", "-m", "worse at night", "--actor", "ada", server=servers[1])
        until(lambda: on(servers) == {1}, EFFECTIVE_SECONDS)
        moved = load.outcomes[-1].ended
        until(lambda: len(load.since(moved).answers) > 20, LOAD_SECONDS)
    assert (back["action"], back["version"], back["previous_version"]) == ("ROLL_BACK", 1, 2)
    assert load.codes == {OK}
    assert set(versions(load.since(moved))) == {1}
    assert [server.runners for server in servers] == runners
    for server in servers:
        (*_, last) = paceline(site, "history", server=server)["events"]
        assert (last["action"], last["actor"], last["reason"]) == ("ROLL_BACK", "ada", "worse at night")


def test_a_pinned_label_stays_and_an_unpinned_one_follows_the_newest(
    site: Site, servers: Sequence[ServerProcess]
) -> None:
    paceline(site, "promote", 1, server=servers[0])
    until(lambda: on(servers) == {1}, EFFECTIVE_SECONDS)
    paceline(site, "pin", server=servers[1])
    paceline(site, "unpin", server=servers[1])
    until(lambda: on(servers) == {2}, EFFECTIVE_SECONDS)
    actions = [event["action"] for event in paceline(site, "history", server=servers[0])["events"]]
    assert actions[-3:] == ["PROMOTE", "PIN", "UNPIN"]


def test_labels_are_moved_at_the_address_for_admins_only(site: Site, servers: Sequence[ServerProcess]) -> None:
    before = paceline(site, "history", server=servers[0])
    run = site.paceline("models", "rollback", "--admin-address", servers[0].address, check=False)
    assert run.returncode == 1
    assert "--admin-address" in run.stderr
    assert "Traceback" not in run.stderr
    assert paceline(site, "history", server=servers[0]) == before


def test_a_member_has_the_same_arm_in_every_server(
    site: Site, servers: Sequence[ServerProcess], asks: Asks
) -> None:
    """The arm is in the response, in the metrics and in the log."""
    paceline(site, "split", "stable=1", "old=1", server=servers[0])
    try:
        for ask in asks:
            until(partial(has_both_arms, ask), EFFECTIVE_SECONDS)
        answers = [[ask(member) for member in range(1, 101)] for ask in asks]
    finally:
        paceline(site, "split", server=servers[0])
    arms = [[answer.arm for answer in answered] for answered in answers]
    assert arms[0] == arms[1]
    assert 30 < arms[0].count("old") < 70
    for server, answered in zip(servers, answers, strict=True):
        assert {(answer.arm, answer.model_version.version) for answer in answered} == {("stable", 2), ("old", 1)}
        calls = server.metric("paceline_model_seconds_count", model="ranking", version="1", label="old")
        assert calls >= arms[0].count("old")
        assert any("RecommendClasses code=OK" in line and "version=1 arm=old" in line for line in server.lines)


def has_both_arms(ask: Callable[..., pb.RecommendClassesResponse]) -> bool:
    return {ask(member).arm for member in range(16)} == {"stable", "old"}


def arms_of(ask: Callable[..., pb.RecommendClassesResponse]) -> set[str]:
    return {ask(member).arm for member in range(1, 17)}


def test_a_shadow_is_measured_and_no_reply_waits_for_it(
    site: Site, servers: Sequence[ServerProcess], asks: Asks
) -> None:
    """Not even while its runner hangs."""
    server, ask = servers[0], asks[0]
    paceline(site, "shadow", "old", 1, server=server)
    hanging = server.runner("ranking", 1)
    try:
        with loading(ask) as load:
            until(lambda: server.metric("paceline_shadow_overlap_count", label="old") > SHADOWED, LOAD_SECONDS)
            assert server.metric("paceline_shadow_overlap_bucket", label="old", le="0.9") == 0
            assert server.metric("paceline_shadow_score_psi", label="old") == pytest.approx(0, abs=1e-6)
            os.kill(hanging, signal.SIGSTOP)
            stopped = load.outcomes[-1].ended
            until(lambda: unscored(server) > 0, LOAD_SECONDS)
            answered = load.since(stopped)
    finally:
        paceline(site, "shadow", "old", 0, server=server)
        os.kill(hanging, signal.SIGCONT)
    assert load.codes == {OK}
    assert set(versions(answered)) == {2}
    until(lambda: state(server, 1) == "AVAILABLE", LOAD_SECONDS)


def unscored(server: ServerProcess) -> float:
    return sum(server.metric(f"paceline_shadow_{kind}_total", label="old") for kind in ("failures", "drops"))


def test_a_version_on_probation_whose_runner_ends_again_and_again_loses_the_label(
    site: Site, servers: Sequence[ServerProcess], asks: Asks
) -> None:
    paceline(site, "promote", 1, server=servers[0])
    paceline(site, "promote", 2, "-m", "better", server=servers[0])
    until(lambda: on(servers) == {2}, EFFECTIVE_SECONDS)
    server = servers[1]
    with loading(*asks) as load:
        for killed in range(3):
            kill_runner(server, 2)
            if killed < 2:
                until(lambda: on([server]) == {2}, LOAD_SECONDS)
        until(lambda: on(servers) == {1}, LOAD_SECONDS)
    assert load.codes == {OK}
    (*_, last) = paceline(site, "history", server=servers[0])["events"]
    assert (last["action"], last["version"], last["actor"]) == ("REVERT", 1, "paceline")
    assert last["reason"] == "its runner ended 3 times"


def kill_runner(server: ServerProcess, version: int) -> None:
    """Kills the runner of a version, and waits until it is gone."""
    pid = until(lambda: live_runner(server, version), LOAD_SECONDS)
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid not in server.runners, LOAD_SECONDS)


def live_runner(server: ServerProcess, version: int) -> int:
    pid = server.runner("ranking", version)
    return pid if pid in server.runners and state(server, version) == "AVAILABLE" else 0
