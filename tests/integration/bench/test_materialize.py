"""`paceline bench materialize` at a size that says nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.timeout(300)
def test_the_document_has_all_sides_and_what_is_between_them(tmp_path: Path) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    words = ["--view", "member_profile", "--rows", "1000", "--rounds", "2", "--json"]
    command = [sys.executable, "-m", "cli.main", "bench", "materialize", *words, "--out", str(tmp_path / "m.json")]

    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    assert json.loads((tmp_path / "m.json").read_text()) == document
    assert (document["view"], document["features"]) == ("member_profile", 6)
    assert document["bytes_per_row"] > 50
    parts, whole = document["parts"], document["whole"]
    assert (parts["rows"], parts["feast_rows"], whole["rows"]) == (200, 10, 1000)
    assert (len(parts["rounds"]), len(whole["rounds"])) == (2, 1)
    assert parts["rows_per_second"].keys() == {"paceline", "bare", "feast"}
    assert whole["rows_per_second"].keys() == {"paceline", "bare"}
    for ratio in (*parts["paceline_to"].values(), *whole["paceline_to"].values()):
        assert 0 < ratio["least"] <= ratio["median"] <= ratio["greatest"]
