"""What a person is told whose machine can't run Paceline."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("answer", ["exit 1", "exit 127"])
def test_a_python_without_tensorflow_wheels_is_named_and_nothing_is_made(tmp_path: Path, answer: str) -> None:
    """The stand-in answers the question for its version with no, as Python 3.14 does."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    python = tmp_path / "python3.14"
    python.write_text(f"#!/bin/sh\n{answer}\n")
    python.chmod(0o755)
    run = subprocess.run(
        [tmp_path / "scripts" / "setup.sh"],
        env={**os.environ, "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert f"found {python}, expected Python 3.11, 3.12 or 3.13" in run.stderr
    assert not (tmp_path / ".venv").exists()
