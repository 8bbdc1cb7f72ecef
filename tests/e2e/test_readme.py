"""The README's commands, run in its order against a site as `make demo` leaves it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from paceline import PacelineClient
from tests.support.documents import blocks, commands
from tests.support.site import ROOT, Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site"), pytest.mark.timeout(900)]

README = (ROOT / "README.md").read_text(encoding="utf-8")
PACELINE = str(Path(sys.executable).with_name("paceline"))
MADE = {"data", ".venv", "models"}
"""Folders that commands make."""


def test_every_command_of_the_readme_works_as_it_stands(site: Site, tmp_path: Path) -> None:
    (tmp_path / "feature_repo").symlink_to(ROOT / "feature_repo")
    serve, *others = commands(README)
    assert serve == ["paceline", "serve", "&"]
    assert len(others) > 16
    with site.server(tmp_path / "log") as server, PacelineClient(server.address) as client:
        client.wait_until_serving(timeout=120)
        env = {**site.env, "PACELINE_ADDRESS": server.address, "PACELINE_ADMIN_ADDRESS": server.admin_address}
        for words in others:
            run = subprocess.run(
                [PACELINE, *words[1:]], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
            )
            assert run.returncode == 0, f"{words}: {run.stderr}"
        (snippet,) = blocks(README, "python")
        program = snippet.replace("127.0.0.1:8500", server.address)
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        assert run.stdout


def test_the_folders_that_the_readme_names_are_there() -> None:
    named = [Path(name) for name in re.findall(r"`([a-z_/]+)/`", README)]
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).is_dir() and name.parts[0] not in MADE] == []
