"""`paceline train --table`, as a script uses it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.manifest import read_manifest, verify_files
from contract.stubs import manifest_pb2 as pb
from training.spec import parse_flat_spec

pytestmark = pytest.mark.slow

SPEC = """
[inputs.age]
encoding = "log"

[inputs.row]
ignore = true

[model]
epochs = 9
batch_size = 64
min_count = 1
"""


def _write(path: Path, rows: int, seed: int) -> Path:
    """Rows in which a colour decides most of the label."""
    chance = np.random.default_rng(seed)
    colour = chance.choice(["red", "green", "blue"], rows)
    label = chance.random(rows) < np.where(colour == "red", 0.9, 0.1)
    columns = {"colour": colour, "age": chance.integers(0, 90, rows), "row": np.arange(rows), "bought": label}
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("tables")
    (folder / "spec.toml").write_text(SPEC)
    files = {"table": 2000, "validation": 500, "test": 500}
    written = {f: _write(folder / f"{f}.parquet", rows, seed) for seed, (f, rows) in enumerate(files.items())}
    given = [word for flag, path in written.items() for word in (f"--{flag}", str(path))]
    return [*given, "--label", "bought", "--spec", str(folder / "spec.toml"), "--epochs", "3"]


def _train(*words: str, limit: int | None = None) -> "subprocess.CompletedProcess[str]":
    limited = [] if limit is None else ["prlimit", f"--fsize={limit}"]
    command = [*limited, sys.executable, "-m", "cli.main", "train", *words]
    environment = os.environ | {"COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_table_becomes_a_published_model(flags: list[str], tmp_path: Path) -> None:
    result = _train(*flags, "--out", str(tmp_path), "--json")

    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    assert (document["model"], document["version"]) == ("bought", 1)
    measured = document["metrics"]["test"]
    assert measured["model"]["auc"] > 0.8
    assert measured["model"]["log_loss"] < measured["constant_rate"]["log_loss"]
    directory = Path(document["directory"])
    manifest = read_manifest(directory)
    verify_files(directory, manifest)
    assert {spec.name: spec.encoding for spec in manifest.inputs} == {
        "colour": pb.ENCODING_VOCABULARY,
        "age": pb.ENCODING_LOG,
    }
    assert not manifest.HasField("feature_source")
    assert {"report.html", "statistics.json"} <= {file.path for file in manifest.files}
    assert f"{measured['model']['auc']:.4f}" in (directory / "report.html").read_text()
    assert len(manifest.golden_requests[0].scores) > 20
    assert parse_flat_spec(manifest.training.spec_toml, "manifest", {}).model.epochs == 3


def test_a_disk_that_fills_leaves_nothing(flags: list[str], tmp_path: Path) -> None:
    """No file may have more than 100 kB, which the graph of a SavedModel needs."""
    result = _train(*flags, "--out", str(tmp_path), limit=100_000)

    assert result.returncode == 1
    assert "error:" in result.stderr
    assert "could not be written" in result.stderr
    assert "Traceback" not in result.stderr
    assert list((tmp_path / "bought").iterdir()) == []


def test_flags_of_a_table_belong_together(flags: list[str]) -> None:
    result = _train(*flags[:2])

    assert result.returncode == 2
    assert "flat tables need --validation, --test, --label too" in result.stderr
