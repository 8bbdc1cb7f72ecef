"""`paceline simulate` on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

SMALL = ("simulate", "--members", "20", "--classes", "10", "--days", "2", "--events-per-day", "50")


def test_it_prints_what_it_wrote(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, [*SMALL, "--out", str(tmp_path / "w"), "--last-day", "2025-03-02", "--json"])
    assert ran.exit_code == 0, ran.output
    document = json.loads(ran.stdout)
    assert (document["first_day"], document["last_day"]) == ("2025-03-01", "2025-03-02")
    assert document["rows"]["impressions"] == 100
    assert (tmp_path / "w" / "impressions" / "day=2025-03-02").is_dir()


def test_it_writes_where_the_data_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACELINE_DATA", str(tmp_path))
    ran = CliRunner().invoke(app, SMALL)
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "world" / "world.json").is_file()


@pytest.mark.parametrize(
    ("flag", "value"), [("--members", "0"), ("--days", "x"), ("--seed", "-1"), ("--last-day", "03/02/2025")]
)
def test_a_wrong_flag_is_named(tmp_path: Path, flag: str, value: str) -> None:
    ran = CliRunner().invoke(app, [*SMALL, "--out", str(tmp_path / "w"), flag, value], env={"COLUMNS": "200"})
    assert ran.exit_code == 2
    assert flag in ran.output
    assert list(tmp_path.iterdir()) == []
