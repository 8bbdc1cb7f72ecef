"""`paceline models list`, over folders that look published, and over the client's fake server and a real one."""

import json
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from contract.manifest import write_manifest
from contract.stubs.manifest_pb2 import Manifest, Metric
from paceline import ServerFault
from paceline.testing import FakeServer
from server.domain.labels import LabelStatus
from server.domain.models import ModelProblem
from server.domain.versions import RefusalReason, VersionRecord, VersionState
from tests.support.admin import FakeStates
from tests.support.channels import Served, serving
from tests.support.command_line import CommandLine
from tests.support.fakes import FakeModels, snapshot

MODEL = "fake"  # that of FakeServer, whose version is 1

List = Callable[..., dict[str, Any]]


def publish(folder: Path, version: int) -> None:
    version_dir = folder / MODEL / str(version)
    version_dir.mkdir(parents=True)
    manifest = Manifest(model_name=MODEL, version=version)
    manifest.create_time.FromDatetime(datetime(2026, 3, 1, 7, 30, tzinfo=UTC))
    for subject, split, value in (
        ("model", "validation", 0.7),
        ("popularity", "test", 0.6),
        ("model", "test", 0.75),
    ):
        manifest.metrics.append(Metric(name="auc", subject=subject, split=split, value=value))
    write_manifest(version_dir, manifest)


@pytest.fixture
def list_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> List:
    """Returns what the command prints as JSON, and its messages under "messages"."""

    def run(address: str) -> dict[str, Any]:
        words = ["paceline", "models", "list", "--models", str(tmp_path), "--address", address, "--json"]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        printed = capsys.readouterr()
        return {**json.loads(printed.out), "messages": printed.err}

    return run


def test_versions_on_disk_and_of_the_server_are_joined_newest_first(tmp_path: Path, list_versions: List) -> None:
    for version in (1, 2, 10):
        publish(tmp_path, version)
    with FakeServer() as server:
        found = list_versions(server.target)
    assert found["server_is_reachable"]
    assert [(row["model"], row["version"], row["state"]) for row in found["versions"]] == [
        (MODEL, 10, None),
        (MODEL, 2, None),
        (MODEL, 1, "AVAILABLE"),
    ]
    newest = found["versions"][0]
    assert (newest["create_time"], newest["test_auc"]) == ("2026-03-01T07:30:00Z", 0.75)


def test_a_version_that_only_the_server_knows_is_listed(list_versions: List) -> None:
    with FakeServer() as server:
        [row] = list_versions(server.target)["versions"]
    assert (row["version"], row["state"], row["test_auc"]) == (1, "AVAILABLE", None)


def test_without_a_server_the_versions_on_disk_are_listed_all_the_same(
    tmp_path: Path, list_versions: List
) -> None:
    publish(tmp_path, 1)
    with FakeServer() as server:
        gone = server.target
    found = list_versions(gone)
    assert not found["server_is_reachable"]
    assert [(row["version"], row["state"]) for row in found["versions"]] == [(1, None)]
    assert f"No server answers at {gone}" in found["messages"]


def test_a_manifest_that_can_t_be_read_is_told(tmp_path: Path, list_versions: List) -> None:
    (tmp_path / MODEL / "1").mkdir(parents=True)
    with FakeServer() as server:
        gone = server.target
    [row] = list_versions(gone)["versions"]
    assert "manifest.json does not exist" in row["message"]


def test_a_missing_manifest_is_no_trouble_where_the_server_does_without(
    tmp_path: Path, list_versions: List
) -> None:
    (tmp_path / MODEL / "1").mkdir(parents=True)
    with FakeServer() as server:
        [row] = list_versions(server.target)["versions"]
    assert (row["state"], row["message"]) == ("AVAILABLE", None)


def test_a_server_that_fails_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeServer() as server:
        server.fail_next(ServerFault("the server failed"))
        words = ["paceline", "models", "list", "--models", str(tmp_path), "--address", server.target]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 1
    assert "the server failed" in capsys.readouterr().err


async def test_people_get_a_table(tmp_path: Path, paceline: CommandLine) -> None:
    publish(tmp_path, 1)
    with FakeServer() as server:
        printed = await paceline("models", "list", "--models", str(tmp_path), "--address", server.target)
    assert printed.rows() == [[MODEL, "1", "2026-03-01 07:30", "0.7500", "-", "AVAILABLE", "-"]]


async def test_why_a_version_was_refused_stands_below_the_table(
    tmp_path: Path, paceline: CommandLine, states: FakeStates, server: Served
) -> None:
    refused = VersionRecord("ranking", 6, VersionState.END, 1.0, RefusalReason.FILE_CHANGED, "weights differ")
    states.records = [refused]
    printed = await paceline("models", "list", "--models", str(tmp_path), "--address", server.address)
    assert printed.out.rstrip().endswith("version 6 of ranking: refused, FILE_CHANGED: weights differ")


@pytest.fixture
def states() -> FakeStates:
    versions = [("other", 4), ("ranking", 5), ("ranking", 4)]
    return FakeStates([VersionRecord(name, version, VersionState.AVAILABLE, 1.0) for name, version in versions])


@pytest.fixture
async def server(states: FakeStates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.chdir(tmp_path)
    async with serving(FakeModels(snapshot(["a"]), [0.5]), states=states) as server:
        monkeypatch.setenv("PACELINE_ADDRESS", server.address)
        yield server


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("labels", "on_5", "on_4"),
    [
        ([], "-", "-"),
        ([LabelStatus("ranking", "stable", 5, None)], "stable", "-"),
        ([LabelStatus("ranking", "stable", 4, 4)], "-", "stable (pinned)"),
        ([LabelStatus("ranking", "stable", 4, 5)], "-", "stable (pinned to 5)"),
        (
            [
                LabelStatus("ranking", "canary", 5, None, weight=1),
                LabelStatus("ranking", "stable", 4, 4, weight=3),
            ],
            "canary 25 %",
            "stable 75 % (pinned)",
        ),
        (
            [
                LabelStatus("other", "stable", 4, None, weight=30),
                LabelStatus("ranking", "canary", 4, 4, weight=10),
                LabelStatus("ranking", "next", 4, 4, shadow_share=0.05),
                LabelStatus("ranking", "stable", 4, None, weight=0),
            ],
            "-",
            "canary 100 % (pinned), next (pinned, shadows 5 %), stable",
        ),
    ],
)
async def test_a_version_shows_the_labels_that_it_answers_for(
    paceline: CommandLine, states: FakeStates, labels: list[LabelStatus], on_5: str, on_4: str
) -> None:
    states.labels = labels
    rows = (await paceline("models", "list")).rows()
    assert [row[4] for row in rows if row[0] == "ranking"] == [on_5, on_4]


@pytest.mark.usefixtures("server")
async def test_what_is_wrong_at_the_moment_is_a_warning(paceline: CommandLine, states: FakeStates) -> None:
    states.labels = [LabelStatus("ranking", "canary", None, 9), LabelStatus("ranking", "next", None, None)]
    states.problems = [ModelProblem("ranking", "models/[ranking] can't be read")]
    printed = await paceline("models", "list")
    assert printed.err.splitlines() == [
        "warning: ranking: models/[ranking] can't be read",
        "warning: no version answers for label canary of ranking, which is pinned to version 9",
        "warning: no version answers for label next of ranking",
    ]
    assert len(printed.rows()) == 3


@pytest.mark.usefixtures("server")
async def test_labels_and_problems_as_json(paceline: CommandLine, states: FakeStates) -> None:
    states.labels = [
        LabelStatus("ranking", "canary", None, 9, weight=10, shadow_share=0.5),
        LabelStatus("ranking", "stable", 5, None, weight=90),
    ]
    states.problems = [ModelProblem("ranking", "models/ranking can't be read")]
    document = json.loads((await paceline("models", "list", "--json")).out)
    assert document["labels"] == [
        {
            "model": "ranking",
            "label": "canary",
            "version": None,
            "pinned_version": 9,
            "weight": 10,
            "shadow_share": 0.5,
        },
        {
            "model": "ranking",
            "label": "stable",
            "version": 5,
            "pinned_version": None,
            "weight": 90,
            "shadow_share": 0.0,
        },
    ]
    assert document["problems"] == [{"model": "ranking", "message": "models/ranking can't be read"}]
    assert [row["version"] for row in document["versions"]] == [4, 5, 4]


def test_without_a_server_there_are_no_labels_and_no_problems(list_versions: List) -> None:
    with FakeServer() as server:
        gone = server.target
    found = list_versions(gone)
    assert (found["labels"], found["problems"]) == ([], [])
