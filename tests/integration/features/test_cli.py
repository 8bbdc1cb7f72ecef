"""`paceline features`, as a person and as a script use it."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.features import features
from features.errors import StoreError
from tests.support.feature_repos import DEFINITIONS, write_repository
from tests.support.worlds import Size, write_world

pytestmark = pytest.mark.slow

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


def run(*words: str) -> str:
    result = CliRunner().invoke(features, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def run_json(*words: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run(*words, "--json"))
    return document


@pytest.fixture
def repo(tmp_path: Path, world: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    write_world(world, last_day=YESTERDAY, size=Size(days=2))
    monkeypatch.chdir(tmp_path)
    return str(write_repository(tmp_path))


def test_a_repository_is_planned_applied_materialised_and_listed(repo: str) -> None:
    assert "view activity\n  + feature member_last_classes_2d Array(String)\n" in run("plan", "--repo", repo)
    assert re.search(r"view classes: \d+ added\n", run("apply", "--repo", repo))
    assert run("plan", "--repo", repo) == "No changes.\n"
    assert run("materialize", "--repo", repo) == ""
    assert "class_minutes" in run("list", "--repo", repo)


def test_every_command_has_a_document_for_scripts(repo: str) -> None:
    planned = run_json("plan", "--repo", repo)
    assert planned["broken_models"] == []
    assert run_json("apply", "--repo", repo)["changes"] == planned["changes"]
    done = run_json("materialize", "--repo", repo, "--until", str(YESTERDAY))
    assert (done["until"], done["built_count"]) == (str(YESTERDAY), 4)
    assert done["catalogues"][0]["class_count"] == 12
    listed = run_json("list", "small_v1", "--repo", repo)
    assert [view["name"] for view in listed["views"]] == ["activity", "classes"]
    assert listed["views"][0]["ttl_seconds"] == 2 * 86_400
    assert listed["services"][0]["tags"]["catalogue_view"] == "catalogue"


def test_a_plan_names_the_models_it_would_break(repo: str, tmp_path: Path) -> None:
    run("apply", "--repo", repo)
    version = tmp_path / "models" / "ranking" / "3"
    version.mkdir(parents=True)
    source = {"feature_service": "small_v1", "member_key": "member_id", "class_key": "class_id"}
    manifest = {
        "model_name": "ranking",
        "version": "3",
        "feature_source": {**source, "catalogue_view": "catalogue"},
        "inputs": [
            {
                "name": "class_minutes",
                "source": "SOURCE_CLASS",
                "data_type": "DATA_TYPE_INT32",
                "feature_view": "classes",
            }
        ],
    }
    (version / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "models" / "ranking" / "4").mkdir()
    write_repository(
        tmp_path, {"definitions.py": DEFINITIONS.replace("class_minutes=Int32", "class_minutes=Int64")}
    )
    shown = run("plan", "--repo", repo)
    assert "~ feature class_minutes Int32 → Int64" in shown
    assert "breaks model ranking version 3:\n  feature 'classes:class_minutes' is Int64" in shown


def test_a_service_that_is_not_registered_is_an_error(repo: str) -> None:
    run("apply", "--repo", repo)
    with pytest.raises(StoreError, match="feature service 'other' is not registered, registered: small_v1"):
        run("list", "other", "--repo", repo)


def test_a_date_that_is_none_is_a_usage_error(repo: str) -> None:
    result = CliRunner().invoke(features, ["materialize", "--repo", repo, "--until", "soon"])
    assert result.exit_code == 2
    assert "'soon' does not match" in result.output
