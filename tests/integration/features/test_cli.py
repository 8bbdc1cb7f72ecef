"""`paceline features`, as a person and as a script use it."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli.features import features
from features.errors import PublishedError, StoreError
from features.exclusive import only_materialisation
from tests.support.documents import commands
from tests.support.feature_repos import DEFINITIONS, PROFILE, write_repository
from tests.support.site import ROOT
from tests.support.worlds import Size, write_world

pytestmark = pytest.mark.slow

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(features, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def run_json(*words: str, code: int = 0) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run(*words, "--json", code=code))
    return document


@pytest.fixture
def repo(tmp_path: Path, world: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    write_world(world, last_day=YESTERDAY, size=Size(days=2))
    monkeypatch.chdir(tmp_path)
    return str(write_repository(tmp_path))


def test_a_repository_is_planned_applied_materialised_and_listed(repo: str) -> None:
    assert "view activity\n  + feature member_last_classes_2d Array(String)\n" in run(
        "plan", "--repo", repo, code=2
    )
    assert re.search(r"view classes: \d+ added\n", run("apply", "--repo", repo))
    assert run("plan", "--repo", repo) == "No changes.\n"
    assert run("materialize", "--repo", repo) == ""
    assert "class_minutes" in run("list", "--repo", repo)


def test_every_command_has_a_document_for_scripts(repo: str) -> None:
    planned = run_json("plan", "--repo", repo, code=2)
    assert planned["broken_models"] == []
    assert run_json("apply", "--repo", repo)["changes"] == planned["changes"]
    done = run_json("materialize", "--repo", repo, "--until", str(YESTERDAY))
    assert (done["until"], done["built_count"]) == (str(YESTERDAY), 4)
    assert done["catalogues"][0]["class_count"] == 12
    listed = run_json("list", "small_v1", "--repo", repo)
    assert [view["name"] for view in listed["views"]] == ["activity", "classes"]
    assert listed["views"][0]["ttl_seconds"] == 2 * 86_400
    assert listed["services"][0]["tags"]["catalogue_view"] == "catalogue"


@pytest.fixture
def published(repo: str, tmp_path: Path) -> Path:
    """A model that reads a registered feature; version 3 is stable, and 4 is still being published."""
    run("apply", "--repo", repo)
    model = tmp_path / "models" / "ranking"
    source = {"feature_service": "small_v1", "member_key": "member_id", "class_key": "class_id"}
    minutes = {"name": "class_minutes", "source": "SOURCE_CLASS", "data_type": "DATA_TYPE_INT32"}
    for version in (2, 3):
        manifest = {
            "model_name": "ranking",
            "version": str(version),
            "feature_source": {**source, "catalogue_view": "catalogue"},
            "inputs": [{**minutes, "feature_view": "classes"}],
        }
        (model / str(version)).mkdir(parents=True)
        (model / str(version) / "manifest.json").write_text(json.dumps(manifest))
    history = model / "history"
    history.mkdir()
    pinned = {
        "action": "PROMOTE",
        "time": "2026-01-31T12:00:00.000000Z",
        "label": "stable",
        "actor": "me",
        "version": 3,
    }
    (history / "00000001.json").write_text(json.dumps(pinned))
    (model / "4").mkdir()
    return model


def _rewrite(folder: Path, old: str, new: str) -> None:
    assert old in DEFINITIONS
    write_repository(folder, {"definitions.py": DEFINITIONS.replace(old, new)})


@pytest.mark.usefixtures("published")
def test_a_breaking_change_names_the_models_and_is_applied_only_for_a_reason(repo: str, tmp_path: Path) -> None:
    _rewrite(tmp_path, "class_minutes=Int32", "class_minutes=Int64")

    shown = run("plan", "--repo", repo, code=3)

    assert "~ feature class_minutes Int32 → Int64 (breaking)" in shown
    broken = "breaks model ranking version 3, which stable is on:\n  feature 'classes:class_minutes' is Int64"
    assert broken in shown
    assert "version 2" not in shown
    assert broken in run("check", "--repo", repo, code=3)
    assert broken in run("apply", "--repo", repo, code=3)
    assert run_json("apply", "--repo", repo, code=3)["applied"] is False
    assert run("plan", "--repo", repo, code=3) == shown  # nothing was applied
    run("apply", "--repo", repo, "--allow-breaking", code=2)
    run("apply", "--repo", repo, "--allow-breaking", "-m", "minutes overflow", "--actor", "ann")
    assert run("plan", "--repo", repo) == "No changes.\n"
    last = json.loads((tmp_path / "data" / "feature_changes.jsonl").read_text().splitlines()[-1])
    assert (last["actor"], last["reason"]) == ("ann", "minutes overflow")
    assert last["changes"][0]["after"] == "Int64"


@pytest.mark.usefixtures("published")
def test_a_removal_that_no_model_reads_is_breaking_all_the_same(repo: str, tmp_path: Path) -> None:
    _rewrite(tmp_path, "member_starts_2d=Int64, ", "")

    document = run_json("plan", "--repo", repo, code=3)

    assert document["broken_models"] == []
    assert {c["aspect"] for c in document["changes"] if c["is_breaking"]} >= {"feature member_starts_2d"}


def test_the_definitions_of_a_profile_are_linted(repo: str, tmp_path: Path) -> None:
    seen = 'import os\nassert os.environ["PACELINE_PROFILE"] == "prod"\n' + DEFINITIONS.lstrip()
    write_repository(tmp_path, {"definitions.py": seen, "feature_store.prod.yaml": PROFILE})
    for command in ("lint", "check"):
        assert run_json(command, "--repo", repo, "--profile", "prod", code=1)["findings"]


def test_lineage_tells_who_uses_a_feature(repo: str, published: Path) -> None:
    uses = run_json("lineage", "class_minutes")["uses"]

    assert [(use["version"], use["labels"]) for use in uses] == [(2, []), (3, ["stable"])]
    assert "small_v1" in run("lineage", "ranking")
    assert run("lineage", "other") == ""
    (published / "history" / "00000001.json").unlink()
    followed = run_json("lineage", "class_minutes")["uses"]
    assert [use["labels"] for use in followed] == [
        ["stable"],
        ["stable"],
    ]  # 3 may not serve yet, and 4 is not there
    (published / "history" / "00000002.json").write_text("{}")
    with pytest.raises(PublishedError, match="which labels are on its versions can't be told"):
        run("plan", "--repo", repo)
    assert run("apply", "--repo", repo, "--allow-breaking", "-m", "its history is being mended") == "No changes.\n"


def test_the_status_says_how_far_each_view_has_come_and_which_are_stale(repo: str) -> None:
    run("apply", "--repo", repo)
    assert [view["until"] for view in run_json("status", "--repo", repo, code=3)["views"]] == [None] * 3
    run("materialize", "--repo", repo)

    views = run_json("status", "--repo", repo)["views"]

    midnight = datetime.combine(YESTERDAY + timedelta(days=1), datetime.min.time(), UTC).isoformat()
    assert [(view["view"], view["is_stale"]) for view in views] == [
        ("activity", False),
        ("catalogue", False),
        ("classes", False),
    ]
    assert {view["until"].replace(" ", "T") for view in views} == {midnight}
    assert "never" not in run("status", "--repo", repo)


def test_a_run_beside_another_one_does_nothing_and_says_so_by_its_exit_code(repo: str, tmp_path: Path) -> None:
    run("apply", "--repo", repo)
    with only_materialisation(tmp_path / "data"):
        run("materialize", "--repo", repo, code=4)
    assert [view["until"] for view in run_json("status", "--repo", repo, code=3)["views"]] == [None] * 3


def test_what_the_server_sees_of_an_entity_is_shown(repo: str) -> None:
    run("apply", "--repo", repo)
    run("materialize", "--repo", repo)
    listed = run_json("show", "class", "c00001", "--repo", repo)["cells"]

    (minutes,) = listed
    assert (minutes["view"], minutes["feature"], minutes["status"]) == ("classes", "class_minutes", "OK")
    assert minutes["value"] > 0
    assert 0 < minutes["age_seconds"] < minutes["ttl_seconds"] == 2 * 86_400
    (missing,) = run_json("show", "class", "nobody", "--repo", repo)["cells"]
    assert (missing["status"], missing["value"], missing["age_seconds"]) == ("MISSING", None, None)
    assert "MISSING" in run("show", "member", "nobody", "--repo", repo)
    with pytest.raises(StoreError, match="entity 'gym' is not registered, registered: class, member, shard"):
        run("show", "gym", "1", "--repo", repo)


def test_a_service_that_is_not_registered_is_an_error(repo: str) -> None:
    run("apply", "--repo", repo)
    with pytest.raises(StoreError, match="feature service 'other' is not registered, registered: small_v1"):
        run("list", "other", "--repo", repo)


def test_a_date_that_is_none_is_a_usage_error(repo: str) -> None:
    result = CliRunner().invoke(features, ["materialize", "--repo", repo, "--until", "soon"])
    assert result.exit_code == 2
    assert "'soon' does not match" in result.output


def test_every_command_of_the_document_runs_and_exits_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACELINE_DATA", str(tmp_path))
    monkeypatch.chdir(ROOT)
    document = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")

    codes = {words[2]: CliRunner().invoke(features, words[2:]).exit_code for words in commands(document)}

    stale = 3  # nothing was ever materialised there
    assert codes == {"lint": 0, "plan": 2, "check": 0, "apply": 0, "lineage": 0, "status": stale, "show": 0}


def test_the_workflow_for_pull_requests_runs_commands_that_exist() -> None:
    workflow = yaml.safe_load((ROOT / "examples" / "github" / "feature-plan.yml").read_text(encoding="utf-8"))

    steps = [step["run"] for step in workflow["jobs"]["plan"]["steps"] if "run" in step]

    called = re.findall(r"paceline features (\w+)", "\n".join(steps))
    assert called == ["plan", "check"]
    assert set(called) <= {command.name for command in features.registered_commands}
