"""Training on what was served, of a log that has what the join would give, so that both can be compared."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from typer.testing import CliRunner

from cli.main import app
from contract.manifest import read_manifest
from contract.served import FOLDER
from contract.stubs import manifest_pb2 as pb
from server.domain.results import Source
from server.ranking.ports import Served, Snapshot
from server.served_log.files import LogFiles
from server.served_log.rows import RowMaker
from tests.support.forced import FORCED
from tests.support.histories import TRAINING
from training.dataset import History, RankingDataset
from training.errors import DataError
from training.inputs import ServiceInputs
from training.served_dataset import ServedHistory
from training.spec import parse_ranking_spec
from training.table import Columns, Table

pytestmark = pytest.mark.slow

SPEC = parse_ranking_spec(TRAINING, "training.toml", {})
LABELS = """
SELECT request_id, class_id, impression_id IN (SELECT impression_id FROM starts) AS started
FROM impressions WHERE request_id IS NOT NULL
"""
ALL_DAYS = (date(2026, 3, 1), date(2026, 3, 6))
LEFT_OUT = 3
WITHOUT_ID = 7


def silent(*_: object) -> None:
    """Hears of no progress."""


@pytest.fixture(scope="module")
def joined(history: History) -> Table:
    return RankingDataset(history, SPEC).load(*ALL_DAYS, silent)


@pytest.fixture(scope="module")
def served(history: History, joined: Table, tmp_path_factory: pytest.TempPathFactory) -> ServedHistory:
    """The history again, as if each row had been an answer of its own: its request is named as the impression."""
    folder = tmp_path_factory.mktemp("served")
    dataset = RankingDataset(history, SPEC)
    ids = dataset.rows.between(*ALL_DAYS, ["impression_id"])["impression_id"].to_pylist()
    source = _manifest(dataset.inputs)
    log = history.world.parent / FOLDER
    write_log(log, source, ids, joined.columns)
    other = _manifest(dataset.inputs)
    del other.inputs[0]
    write_log(log, other, ids[:LEFT_OUT], joined.columns)
    write_events(history.world, folder / "world", ids[:WITHOUT_ID])
    (history.repo / "served_labels.sql").write_text(LABELS)
    return ServedHistory(history.repo, "", folder / "world", log)


def _manifest(inputs: ServiceInputs) -> pb.Manifest:
    return pb.Manifest(feature_source=inputs.source, inputs=inputs.inputs, on_demand_views=inputs.on_demand_views)


def write_log(folder: Path, manifest: pb.Manifest, ids: Sequence[str], columns: Columns) -> None:
    """Writes an answer of one class for each row."""
    of_class = [s.name for s in manifest.inputs if s.source in (pb.SOURCE_CLASS, pb.SOURCE_CLASS_KEY)]
    others = {s.name: columns[s.name] for s in manifest.inputs if s.name not in of_class}
    class_ids = columns[manifest.feature_source.class_key].tolist()
    snapshot = Snapshot(1, class_ids, {}, {name: columns[name] for name in of_class}, {}, {})
    answers = [
        Served(
            request_id=name,
            member_id=columns[manifest.feature_source.member_key][row],
            request_time=int(columns["request_time"][row]),
            manifest=manifest,
            snapshot=snapshot,
            source=Source("ranking", 1, True, 1),
            columns=others,
            row=row,
            scores=np.array([0.5], np.float32),
            positions=np.array([row], np.int32),
        )
        for row, name in enumerate(ids)
    ]
    rows = RowMaker(manifest).rows(answers)
    LogFiles(folder, f"w{len(ids)}", 2**30, lambda: ALL_DAYS[1]).write(rows.contract, rows.table)


def write_events(world: Path, target: Path, without_id: Sequence[str]) -> None:
    """Writes the events with the ids of their requests; of some without, as of old."""
    names = ", ".join(f"'{name}'" for name in without_id)
    for table, files in (("impressions", "*/*.parquet"), ("starts", "*/*.parquet")):
        (target / table).mkdir(parents=True)
        rows = duckdb.read_parquet(f"{world / table / files}", hive_partitioning=False)
        rows.filter(f"impression_id IN ({names})").write_parquet(str(target / table / "old.parquet"))
        new = rows.filter(f"impression_id NOT IN ({names})").project("*, impression_id AS request_id")
        new.write_parquet(str(target / table / "new.parquet"))


def test_the_rows_are_those_of_the_join_with_the_values_that_were_served(
    served: ServedHistory, joined: Table
) -> None:
    dataset = served.open(SPEC)
    assert dataset.day_range() == ALL_DAYS
    table = dataset.load(*ALL_DAYS, silent)
    assert table.warnings == (f"{LEFT_OUT} served rows are left out: they have other inputs than the present.",)
    assert len(table) == len(joined) - WITHOUT_ID
    keys = ("request_time", "member_id", "class_id", "surface")
    ours, theirs = (np.lexsort([one.columns[key].astype(str) for key in keys]) for one in (table, joined))
    shown = np.flatnonzero(np.isin(_keys(joined, keys), _keys(table, keys)))
    theirs = theirs[np.isin(theirs, shown)]
    for name, column in joined.columns.items():
        np.testing.assert_array_equal(table.columns[name][ours], column[theirs])
    np.testing.assert_array_equal(table.labels[ours], joined.labels[theirs])
    assert table.times is not None
    assert (np.diff(table.times) >= 0).all()
    assert table.positions is not None
    assert set(table.positions.tolist()) == {0}


def _keys(table: Table, names: Sequence[str]) -> list[str]:
    return ["|".join(map(str, row)) for row in zip(*(table.columns[name] for name in names), strict=True)]


def test_of_answers_with_one_id_the_last_counts(
    history: History, served: ServedHistory, joined: Table, tmp_path: Path
) -> None:
    """As when a caller asks again with the same id, because the first answer was lost."""
    first = {name: column[:1] for name, column in joined.take(slice(50, 51)).columns.items()}
    again = {**first, "surface": np.array(["again"], object), "request_time": first["request_time"] + 1}
    dataset = served.open(SPEC)
    source = _manifest(dataset.inputs)
    ids = RankingDataset(history, SPEC).rows.between(*ALL_DAYS, ["impression_id"])["impression_id"].to_pylist()
    both = {name: np.concatenate([again[name], first[name]]) for name in first}
    write_log(tmp_path, source, [ids[50], ids[50]], both)

    table = replace(served, log=tmp_path).open(SPEC).load(*ALL_DAYS, silent)

    assert table.columns["surface"].tolist() == ["again"]


def test_a_model_is_trained_on_it_as_on_the_join(served: ServedHistory, tmp_path: Path) -> None:
    words = ["train", "--from-log", "--repo", served.repo, "--world", served.world, "--out", tmp_path, "--json"]
    result = CliRunner().invoke(app, [*map(str, words), *FORCED])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    manifest = read_manifest(Path(document["directory"]))
    assert document["train_row_count"] == 4 * 120 - WITHOUT_ID
    numbers = {profile.input_name: profile for profile in manifest.input_profiles}
    assert set(numbers) == {spec.name for spec in manifest.inputs} - {"request_time"}
    assert all(sum(profile.shares) == pytest.approx(1, abs=1e-6) for profile in numbers.values() if profile.shares)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            "SELECT request_id, class_id FROM impressions",
            "yields other columns than class_id, request_id, started",
        ),
        (f"{LABELS} UNION ALL {LABELS}", "more than once"),
        (f"{LABELS} AND false", "yields 0 rows, none of them of an answer in the log"),
        ("SELECT 'x' AS request_id, 'c' AS class_id, true AS started", "yields 1 rows, none of them"),
        ("SELECT request_id, class_id, 2 AS started FROM impressions", "neither 0 nor 1"),
        (None, "served_labels.sql can't be read"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    served: ServedHistory, tmp_path: Path, labels: str | None, message: str
) -> None:
    repo = tmp_path / "repo"
    repo.symlink_to(served.repo)
    query = served.repo / "served_labels.sql"
    try:
        query.unlink() if labels is None else query.write_text(labels)
        with pytest.raises(DataError, match=message):
            served.open(SPEC)
    finally:
        query.write_text(LABELS)


def test_a_log_without_rows_of_the_present_inputs_is_refused(served: ServedHistory, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no rows with the present inputs of 'small_v1', and 0 with others"):
        replace(served, log=tmp_path).open(SPEC)
    changed = replace(SPEC, context={"surface": "String", "device": "String"})
    with pytest.raises(DataError, match=rf"and {6 * 120 + LEFT_OUT} with others"):
        served.open(changed)


def test_a_file_that_can_not_be_read_is_named(served: ServedHistory) -> None:
    broken = served.log / "date=2026-03-01" / "0123-w-000000.parquet"
    broken.parent.mkdir()
    broken.write_bytes(b"no Parquet")
    try:
        with pytest.raises(DataError, match=r"0123-w-000000.parquet can't be read"):
            served.open(SPEC)
    finally:
        broken.unlink()


def test_files_that_a_server_removed_meanwhile_are_passed_over(served: ServedHistory) -> None:
    fitting = next(path for path in served.log.rglob("*.parquet") if path.name.split("-")[1] != f"w{LEFT_OUT}")
    contract = fitting.name.partition("-")[0]
    gone = [fitting.with_name(f"{name}-gone-000000.parquet") for name in ("0123", contract)]
    for path in gone:
        path.symlink_to(served.log / "nowhere")  # is listed, but not there
    try:
        assert served.open(SPEC).day_range() == ALL_DAYS
    finally:
        for path in gone:
            path.unlink()


@pytest.mark.parametrize(
    "flags",
    [
        ("--dataset", "days"),
        ("--table", "a.csv", "--validation", "b.csv", "--test", "c.csv", "--label", "started"),
    ],
)
def test_what_was_served_and_other_rows_are_not_both_trained_on(
    served: ServedHistory, flags: Sequence[str]
) -> None:
    result = CliRunner().invoke(app, ["train", "--from-log", *flags, "--repo", str(served.repo)])
    assert result.exit_code == 2
    assert "expected one of them" in result.output
