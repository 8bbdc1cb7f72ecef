"""The tutorial, line by line: a feature is defined, computed, trained on, and served by a server that stays up."""

import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from contract.manifest import read_manifest
from paceline import PacelineClient
from paceline.v1.recommendation_service_pb2 import RecommendClassesResponse
from tests.support.documents import commands, fenced
from tests.support.polling import until
from tests.support.site import ROOT, Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TUTORIAL = (ROOT / "docs" / "add-a-feature.md").read_text(encoding="utf-8")
PACELINE = str(Path(sys.executable).with_name("paceline"))
FEATURE = "member_morning_share_30d"


def test_a_feature_is_added_without_touching_the_server(first_site: Site, tmp_path: Path) -> None:
    shutil.copytree(first_site.root, tmp_path, dirs_exist_ok=True)
    shutil.copytree(ROOT / "feature_repo", tmp_path / "feature_repo")
    site = Site(tmp_path)
    with site.server(tmp_path / "log") as server, PacelineClient(server.address) as client:
        client.wait_until_serving(timeout=120)
        *_, shown, _trained, used = [run(site, step, server.address) for step in fenced(TUTORIAL)]
        answer = until(partial(answer_of_version, client, 2), 120)
    assert answer.classes
    assert FEATURE in shown
    assert FEATURE in used
    assert FEATURE in {spec.name for spec in read_manifest(site.models / "ranking" / "2").inputs}


def run(site: Site, step: tuple[str, str], address: str) -> str:
    """Does what a block says; returns what its commands print."""
    language, text = step
    if language == "diff":
        subprocess.run(["git", "apply", "-"], input=text, text=True, cwd=site.root, check=True)
        return ""
    lines = [line for line in text.splitlines() if not line.endswith("&")]
    return "".join(run_line(site, line, address) for line in lines)


def run_line(site: Site, line: str, address: str) -> str:
    """Runs a command, which has to exit as its comment says."""
    (words,) = commands(f"```sh\n{line}\n```\n")
    done = subprocess.run(
        [PACELINE, *words[1:]],
        cwd=site.root,
        env={**site.env, "PACELINE_ADDRESS": address},
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.search(r"exits with (\d)", line)
    assert done.returncode == (int(told[1]) if told else 0), f"{line}: {done.stdout} {done.stderr}"
    return done.stdout


def answer_of_version(client: PacelineClient, version: int) -> RecommendClassesResponse | None:
    answer = client.recommend_classes("m000007")
    return answer if answer.model_version.version == version else None
