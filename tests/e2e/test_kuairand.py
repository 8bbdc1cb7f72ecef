"""The whole pipeline on the real impressions of a third of the users: `run.sh`, then a server that is asked.

Needs KuaiRand's files, which the licence keeps out of the repository: PACELINE_KUAIRAND names their folder.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from contract.manifest import read_manifest
from paceline import PacelineClient
from tests.support.site import ROOT, Site

FILES = Path(os.environ.get("PACELINE_KUAIRAND", ROOT.parent / "shared" / "data" / "kuairand"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not FILES.is_dir(), reason=f"{FILES} does not exist; PACELINE_KUAIRAND names the folder"),
]


def write_sample(folder: Path) -> Path:
    """Writes the files with the impressions of every third user only, which take half the time."""
    shutil.copytree(FILES, folder)
    for log in folder.glob("log_*.parquet"):
        duckdb.connect().sql(f"SELECT * FROM '{FILES / log.name}' WHERE user_id % 3 = 1").write_parquet(str(log))  # noqa: S608
    return folder


def test_real_impressions_become_recommendations_that_depend_on_user_and_surface(tmp_path: Path) -> None:
    site = Site(tmp_path)
    env = {**site.env, "MODELS": str(site.models)}
    run = subprocess.run(
        ["examples/kuairand/run.sh", write_sample(tmp_path / "files"), "--epochs", "2", "--ensemble-size", "2"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    model = site.models / "kuairand_ranking"
    written = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    assert written == json.loads(run.stdout)
    measured = written["metrics"]["test"]
    assert measured["model"]["auc"] > max(0.67, measured["class_rate"]["auc"])
    assert measured["model"]["member_auc"] > measured["class_rate"]["member_auc"]
    peers = written["peers"]["test"]
    assert peers["model"] == pytest.approx(measured["model"], abs=1e-4)
    assert min(peers["lightgbm"]["auc"], peers["logistic_regression"]["auc"]) > 0.7
    assert written["peers"]["difference"]["from"] in peers
    assert read_manifest(model / "1").feature_source.feature_service == "kuairand_ranking_v1"

    flags = ("--model", model.name, "--repo", "examples/kuairand/feature_repo")
    with site.serving(tmp_path / "log", *flags) as (_, address), PacelineClient(address, timeout=30) as client:
        client.wait_until_serving(timeout=240)
        first = client.recommend_classes("712", context={"tab": "1"}, class_feature_names=["video_seconds"])
        assert first.candidate_count == 7583
        scores = [ranked.score for ranked in first.classes]
        assert scores == sorted(scores, reverse=True)
        other_user = client.recommend_classes("13414", context={"tab": "1"})
        other_surface = client.recommend_classes("712", context={"tab": "0"})
        assert scores != [ranked.score for ranked in other_user.classes]
        assert first.classes[0].score > other_surface.classes[0].score
