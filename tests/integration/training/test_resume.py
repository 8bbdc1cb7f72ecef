"""`paceline train`, killed and started again."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.polling import until

pytestmark = pytest.mark.slow

SIZES = {"table": 4000, "validation": 500, "test": 500}
MODEL = ["--batch-size", "8", "--epochs", "4", "--patience", "4", "--layer-sizes", "32,16", "--batch-norm"]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("tables")
    words = ["--label", "bought"]
    for seed, (flag, rows) in enumerate(SIZES.items()):
        chance = np.random.default_rng(seed)
        colour = chance.choice(["red", "green", "blue"], rows)
        bought = chance.random(rows) < np.where(colour == "red", 0.9, 0.1)
        pq.write_table(pa.table({"colour": colour, "bought": bought}), folder / f"{flag}.parquet")
        words += [f"--{flag}", str(folder / f"{flag}.parquet")]
    return words


def _start(tables: Sequence[str], out: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "cli.main", "train", *tables, *MODEL, "--out", str(out), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _finish(process: "subprocess.Popen[str]") -> tuple[dict[str, Any], str]:
    out, messages = process.communicate(timeout=200)
    assert process.returncode == 0, messages
    return json.loads(out), messages


def _files(version: str) -> dict[str, bytes]:
    """The weights, and the golden requests with their scores."""
    found = {path.name: path.read_bytes() for path in (Path(version) / "variables").iterdir()}
    manifest = json.loads((Path(version) / "manifest.json").read_text())
    return found | {"golden": json.dumps(manifest["golden_requests"]).encode()}


def test_a_killed_training_goes_on_and_publishes_what_it_would_have(tables: list[str], tmp_path: Path) -> None:
    whole = _start(tables, tmp_path / "whole")
    killed = _start(tables, tmp_path / "killed")
    folder = tmp_path / "killed" / "bought"
    until(lambda: list(folder.glob(".checkpoint-*.npz")) or killed.poll() is not None, seconds=120)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL, "the training was over before it could be killed"

    resumed, messages = _finish(_start(tables, tmp_path / "killed"))
    expected, _ = _finish(whole)

    assert "training resumed after epoch" in messages
    assert resumed["metrics"] == expected["metrics"]
    assert _files(resumed["directory"]) == _files(expected["directory"])
    assert [path.name for path in folder.iterdir()] == ["1"]
