"""The README's commands, run in its order against a site as `make demo` leaves it."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from paceline import PacelineClient
from paceline.v1.recommendation_service_pb2 import RecommendClassesResponse
from tests.support.documents import blocks, commands
from tests.support.polling import until
from tests.support.site import ROOT, Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

README = (ROOT / "README.md").read_text(encoding="utf-8")
PACELINE = str(Path(sys.executable).with_name("paceline"))
MADE = {"data", ".venv", "models"}
"""Folders that commands make."""


def test_every_command_of_the_readme_works_as_it_stands(site: Site, tmp_path: Path) -> None:
    (tmp_path / "feature_repo").symlink_to(ROOT / "feature_repo")
    serve, *others = commands(README)
    assert serve == ["paceline", "serve", "&"]
    assert len(others) > 16
    with site.server(tmp_path / "log") as server, PacelineClient(server.address) as client:
        client.wait_until_serving(timeout=120)
        env = {**site.env, "PACELINE_ADDRESS": server.address, "PACELINE_ADMIN_ADDRESS": server.admin_address}
        for words in others:
            run = subprocess.run(
                [PACELINE, *words[1:]], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
            )
            assert run.returncode == 0, f"{words}: {run.stderr}"
            if words[1] == "batch-score":
                assert_served_as_scored(client, site.root / "data" / "recommendations")
        (snippet,) = blocks(README, "python")
        program = snippet.replace("127.0.0.1:8500", server.address)
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        assert run.stdout


def assert_served_as_scored(client: PacelineClient, folder: Path) -> None:
    """Asks the server for the classes of some members at the time of their batch, which are those of the batch."""
    (file,) = folder.rglob("*.parquet")
    for row in pq.read_table(file).slice(10, 5).to_pylist():
        asked = {"page_size": len(row["ranked_class_ids"]), "request_time": row["event_timestamp"]}
        answer = until(partial(_answer_of, client, row["ranking_version"], row["member_id"], **asked), 120)
        scores = {ranked.class_id: ranked.score for ranked in answer.classes}
        assert scores == pytest.approx(
            dict(zip(row["ranked_class_ids"], row["ranked_scores"], strict=True)), abs=1e-5
        )


def _answer_of(
    client: PacelineClient, version: int, member_id: str, **asked: Any
) -> RecommendClassesResponse | None:
    """Returns the answer if it is of a version, which may still be loading."""
    answer = client.recommend_classes(member_id, **asked)
    return answer if answer.model_version.version == version else None


def test_the_folders_that_the_readme_names_are_there() -> None:
    named = [Path(name) for name in re.findall(r"`([a-z_/]+)/`", README)]
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).is_dir() and name.parts[0] not in MADE] == []
