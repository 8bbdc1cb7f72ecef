"""Versions whose files are still arriving."""

import os
import shutil
from pathlib import Path

import pytest

from server.domain.versions import RefusalReason, VersionState
from tests.support.model_server import ModelServer

UNFINISHED = RefusalReason.UPLOAD_UNFINISHED


@pytest.fixture
def server(tmp_path: Path) -> ModelServer:
    return ModelServer(tmp_path)


def publish_without_manifest(server: ModelServer, version: int) -> Path:
    path = server.publish(version)
    (path / "manifest.json").unlink()
    return path


async def test_a_version_without_a_manifest_is_refused_while_it_grows(server: ModelServer) -> None:
    path = publish_without_manifest(server, 1)
    for size in range(10):
        (path / "weight.txt").write_text("1" * size)
        await server.settle()
        assert (server.states, server.record(1).refusal) == ({1: VersionState.END}, UNFINISHED)
        server.now += 4
    assert server.runners.started == []
    assert server.record(1).message == "its files changed less than 5 s ago, and it has no manifest"


async def test_files_that_keep_the_times_of_their_originals_are_still_changing(server: ModelServer) -> None:
    path = publish_without_manifest(server, 1)
    server.now = path.stat().st_mtime + 1
    for size in range(10):
        (path / "weight.txt").write_text("1" * size)
        os.utime(path / "weight.txt", (1000, 1000))
        await server.settle()
        assert server.record(1).refusal is UNFINISHED
        server.now += 4


async def test_nobody_is_told_that_all_was_tried_while_a_version_grows(server: ModelServer) -> None:
    publish_without_manifest(server, 1)
    await server.settle()
    assert not server.manager.has_tried.is_set()
    server.now += 5
    await server.settle()
    assert server.manager.has_tried.is_set()


async def test_a_version_that_is_taken_away_while_it_grows_is_waited_for_no_more(server: ModelServer) -> None:
    path = publish_without_manifest(server, 1)
    await server.settle()
    shutil.rmtree(path)
    await server.settle()
    assert server.manager.has_tried.is_set()


async def test_it_is_tried_once_its_files_have_settled(server: ModelServer) -> None:
    publish_without_manifest(server, 1)
    await server.settle()
    server.now += 5
    await server.settle()
    assert server.record(1).refusal is RefusalReason.MANIFEST_MISSING


async def test_it_is_told_once_that_it_grows(server: ModelServer) -> None:
    path = publish_without_manifest(server, 1)
    for size in range(3):
        (path / "weight.txt").write_text("1" * size)
        await server.settle()
    assert server.changed == [VersionState.START, VersionState.END]


async def test_a_version_that_was_refused_may_grow_again(server: ModelServer) -> None:
    path = publish_without_manifest(server, 1)
    await server.settle()
    server.now += 5
    await server.settle()
    (path / "weight.txt").write_text("12")
    await server.settle()
    assert server.record(1).refusal is UNFINISHED


async def test_a_version_whose_files_are_old_is_tried_at_once(server: ModelServer) -> None:
    publish_without_manifest(server, 1)
    server.now = (server.model_dir / "1").stat().st_mtime + 6
    await server.settle()
    assert server.record(1).refusal is RefusalReason.MANIFEST_MISSING


async def test_the_version_that_serves_goes_on_meanwhile(server: ModelServer) -> None:
    server.publish(1)
    await server.settle()
    publish_without_manifest(server, 2)
    await server.settle()
    assert server.serving_version() == 1
    server.publish(2)
    await server.settle()
    assert server.serving_version() == 2
