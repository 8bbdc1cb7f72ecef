"""`paceline models list`, over folders that look published and the client's fake server."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from contract.manifest import write_manifest
from contract.stubs.manifest_pb2 import Manifest, Metric
from paceline import ServerFault
from paceline.testing import FakeServer

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


def test_people_get_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path, 1)
    with FakeServer() as server:
        words = ["paceline", "models", "list", "--models", str(tmp_path), "--address", server.target]
        monkeypatch.setattr(sys, "argv", words)
        monkeypatch.setenv("COLUMNS", "160")
        with pytest.raises(SystemExit):
            main()
    line = next(line for line in capsys.readouterr().out.splitlines() if "AVAILABLE" in line)
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        MODEL,
        "1",
        "2026-03-01 07:30",
        "0.7500",
        "AVAILABLE",
        "-",
    ]
