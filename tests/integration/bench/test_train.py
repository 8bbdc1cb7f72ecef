"""`paceline bench train` at a size that says nothing, without its peer."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_the_document_has_both_sides_and_what_is_between_them(tmp_path: Path) -> None:
    words = ["--rows", "400", "--rounds", "2", "--batch-size", "100", "--peer", "none", "--json"]
    command = [sys.executable, "-m", "cli.main", "bench", "train", *words, "--out", str(tmp_path / "train.json")]

    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    assert json.loads((tmp_path / "train.json").read_text()) == document
    assert (document["train_rows"], document["test_rows"], document["rounds"]) == (400, 100, 2)
    assert document["sides"].keys() == {"mlp_step", "paceline"}
    assert 0 < document["sides"]["paceline"]["auc"] < 1
    ratio = document["paceline_to"]["mlp_step"]
    assert 0 < ratio["least"] <= ratio["median"] <= ratio["greatest"]
