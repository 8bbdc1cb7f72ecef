"""Servers that are killed and start again, while Redis is there and while it is not."""

import re
from pathlib import Path

import pytest

from bench.site import Site as Folders
from bench.site import materialise, redis_site
from paceline import PacelineClient
from paceline.v1.recommendation_service_pb2 import (
    SERVING_MODE_DEFAULTS,
    SERVING_MODE_LIVE,
    RecommendClassesResponse,
)
from tests.support.polling import until
from tests.support.redis import redis_process
from tests.support.server_process import ServerProcess
from tests.support.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MEMBER = "m000001"
WORKERS = 2
SECONDS = 120.0
"""For two workers to load their models, one after the other."""


def ask(server: ServerProcess) -> RecommendClassesResponse:
    with PacelineClient(server.address, timeout=10) as client:
        client.wait_until_serving(timeout=SECONDS)
        return client.recommend_classes(MEMBER, page_size=100)


def said(server: ServerProcess, pattern: str) -> int:
    """Returns how many lines of its log have the pattern."""
    return sum(bool(re.search(pattern, line)) for line in server.lines)


def generations(server: ServerProcess) -> list[float]:
    """Returns that of the catalogue of each worker."""
    return [server.metric("paceline_catalogue_generation", worker=str(number)) for number in range(WORKERS)]


def test_a_server_that_was_killed_starts_again_though_redis_is_gone(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ("--workers", WORKERS, "--runtime", "openvino")
    with redis_process() as (port, redis):
        folders = redis_site(Folders(site.root, {"PACELINE_DATA": str(site.root / "data")}), port)
        for name, value in folders.env.items():
            monkeypatch.setenv(name, value)
        served = Site(folders.root)
        with served.server(tmp_path / "first.log", *flags) as server:
            live = ask(server)
            assert live.serving_mode == SERVING_MODE_LIVE
            assert said(server, "read the catalogue from the online store") == 1
            assert said(server, r"read the catalogue from \S+/snapshots/\w+\.snapshot") == WORKERS - 1
        redis.kill()  # as the server was
        redis.wait(10)

        with served.server(tmp_path / "second.log", *flags) as server:
            kept = ask(server)
            assert kept.serving_mode == SERVING_MODE_DEFAULTS
            assert {ranked.class_id for ranked in kept.classes} == {ranked.class_id for ranked in live.classes}
            assert said(server, r"version 1 has the catalogue of \d+ s ago: ") == WORKERS
            before = generations(server)

            with redis_process(port):
                materialise(folders)
                until(
                    lambda: all(new > old for new, old in zip(generations(server), before, strict=True)), SECONDS
                )
                until(lambda: ask(server).serving_mode == SERVING_MODE_LIVE, SECONDS)
                assert said(server, "read the catalogue from the online store") == 1
