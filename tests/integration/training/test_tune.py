"""`paceline tune`, as a script uses it, and what is left when it is killed."""

import csv
import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.support.forced import FORCED
from training.dataset import History
from training.errors import DataError, SpecError, TuningError
from training.exclusive import only_writer
from training.spec import parse_flat_spec, parse_ranking_spec
from training.tuning.rows import flat_rows, history_rows

pytestmark = pytest.mark.slow

SPEC = "[model]\ndeep = false\nepochs = 2\nmin_count = 1\nbatch_size = 100\n"
TRIALS = 4


def _write(path: Path, rows: int, seed: int) -> Path:
    """Rows that only the combination of two letters tells apart."""
    chance = np.random.default_rng(seed)
    left, right = (chance.choice(["a", "b"], rows) for _ in range(2))
    label = chance.random(rows) < np.where(left == right, 0.9, 0.2)
    pq.write_table(pa.table({"left": left, "right": right, "age": chance.random(rows), "hit": label}), path)
    return path


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("tables")
    (folder / "spec.toml").write_text(SPEC)
    written = {f: _write(folder / f"{f}.parquet", 600, seed) for seed, f in enumerate(("table", "validation"))}
    given = [word for flag, path in written.items() for word in (f"--{flag}", str(path))]
    return [*given, "--label", "hit", "--spec", str(folder / "spec.toml"), "--cross", "left,right"]


def _run(*words: object) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def _rows(folder: Path) -> list[dict[str, str]]:
    """Returns the trials that a search wrote, without how long they took."""
    with (folder / "trials.csv").open(newline="") as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("search")


@pytest.fixture(scope="module")
def tuned(flags: list[str], folder: Path) -> dict[str, Any]:
    return _run("tune", *flags, "--out", folder, "--trials", TRIALS)


def test_the_best_trial_is_not_worse_than_the_specification(tuned: dict[str, Any], folder: Path) -> None:
    first, *others = _rows(folder)

    assert sum(tuned["trials"].values()) == 1 + len(others) == TRIALS
    assert tuned["best"]["validation_auc"] >= tuned["spec_validation_auc"]
    assert tuned["best"]["parameters"]["left x right"] is True
    assert (first["left x right"], first["wide_l1"]) == ("False", "1.0")
    assert (folder / "search.svg").read_text().rstrip().endswith("</svg>")


def test_a_training_takes_the_best_specification(
    tuned: dict[str, Any], flags: list[str], folder: Path, tmp_path: Path
) -> None:
    words = [*flags[:6], "--test", flags[3], "--spec", folder / "best.toml", "--out", tmp_path]

    trained = _run("train", *words, *FORCED)

    auc = trained["metrics"]["validation"]["model"]["auc"]
    assert auc == pytest.approx(tuned["best"]["validation_auc"], abs=1e-6)


def _kill_in_epoch(flags: Sequence[str], folder: Path, trial: int) -> None:
    """Runs a search in a process of its own, and kills it in the first epoch of a trial, counted from 0."""
    program = f"""
        import sys, cli.tune
        from contextlib import contextmanager
        from cli.main import main

        @contextmanager
        def printed():
            yield lambda *step: print(*step, flush=True)

        cli.tune.shown_stages = printed
        sys.argv = ["paceline", "tune", *{list(flags)!r}, "--out", {str(folder)!r}, "--trials", "{TRIALS}"]
        main()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout)
        assert f"tuning {trial} {TRIALS}\n" in lines
        assert next(lines).startswith("epochs of a trial 1")
        process.send_signal(signal.SIGKILL)


def test_a_killed_search_goes_on_as_if_it_had_not_been(
    tuned: dict[str, Any], flags: list[str], folder: Path, tmp_path: Path
) -> None:
    _kill_in_epoch(flags, tmp_path, trial=2)
    assert not (tmp_path / "best.toml").exists()

    resumed = _run("tune", *flags, "--out", tmp_path, "--trials", TRIALS)

    assert resumed["best"] == tuned["best"]
    assert _rows(tmp_path) == _rows(folder)


@pytest.mark.usefixtures("tuned")
def test_a_folder_belongs_to_one_search(flags: list[str], folder: Path) -> None:
    other = [flags[0], flags[3], *flags[2:]]
    for words, message in (
        ((*flags, "--epochs", "3"), "another specification"),
        ((*flags, "--cross", "left,age"), "another set of crosses or of ranges"),
        (other, "another set of rows"),
    ):
        with pytest.raises(TuningError, match=message):
            _run("tune", *words, "--out", folder, "--trials", TRIALS)


def test_a_folder_has_one_search_at_a_time(flags: list[str], tmp_path: Path) -> None:
    with only_writer(tmp_path), pytest.raises(DataError, match=f"another run writes into {tmp_path}"):
        _run("tune", *flags, "--out", tmp_path)


def test_what_can_not_be_searched_is_named(flags: list[str], tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "search.db").write_text("not a database")
    for words, error, message in (
        (("--cross", "left,nothing"), SpecError, "'nothing' can't be crossed"),
        (("--no-wide", "--deep"), SpecError, "--cross is given, which needs model.wide"),
        (("--timeout", "0"), TuningError, "no trial of 0 succeeded: the time was up"),
        (("--out", tmp_path / "broken"), TuningError, "the search can't be read or written"),
    ):
        with pytest.raises(error, match=message):
            _run("tune", *flags, "--out", tmp_path / "search", *words)
    assert not (tmp_path / "search" / "best.toml").exists()


def test_a_trial_that_fails_counts_and_says_why(tmp_path: Path) -> None:
    """The cross of two columns of 2,100 values each has more cells than there may be."""
    ids = np.array([f"v{row}" for row in range(2100)])
    pq.write_table(pa.table({"left": ids, "right": ids, "hit": np.arange(2100) % 2}), tmp_path / "rows.parquet")
    (tmp_path / "spec.toml").write_text(SPEC + 'crosses = [["left", "right"]]\n')
    rows = tmp_path / "rows.parquet"
    words = ["--table", rows, "--validation", rows, "--label", "hit", "--spec", tmp_path / "spec.toml"]

    with pytest.raises(TuningError, match=r"no trial of 1 succeeded: model\.crosses has .* cells"):
        _run("tune", *words, "--out", tmp_path / "search", "--trials", 1)


def test_the_days_of_the_test_are_not_read(history: History) -> None:
    spec = parse_ranking_spec((history.repo / "training.toml").read_text(), "training.toml", {})

    rows = history_rows(history, spec, lambda *_: None)

    days = [table.times // 86_400 for table in (rows.train, rows.validation) if table.times is not None]
    first = days[0].min()
    assert [sorted(set(part - first)) for part in days] == [[0, 1, 2, 3], [4]]


def test_a_search_on_a_history_writes_a_specification_of_it(history: History, tmp_path: Path) -> None:
    tuned = _run("tune", "--repo", history.repo, "--out", tmp_path, "--trials", 1, "--no-deep", "--epochs", "1")

    spec = parse_ranking_spec((tmp_path / "best.toml").read_text(), "best.toml", {})
    assert tuned["best"]["trial"] == 1
    assert (spec.dataset.label, spec.model.deep) == ("started", False)


def test_rows_are_told_apart_by_their_values(tmp_path: Path) -> None:
    one, other = (_write(tmp_path / f"{seed}.parquet", 50, seed) for seed in (1, 2))
    overrides = parse_flat_spec(SPEC, "spec", {}).inputs

    digests = [flat_rows(*paths, "hit", overrides).digest() for paths in ((one, one), (one, one), (one, other))]

    assert digests[0] == digests[1] != digests[2]
