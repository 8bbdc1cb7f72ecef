"""A small site made by the `paceline` commands, as a person would make it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.forced import FORCED
from tests.support.server_process import ANY_PORTS, ServerProcess, serving

ROOT = Path(__file__).parents[2]
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
EARLIER = YESTERDAY - timedelta(days=1)
MEMBER_COUNT = 300
QUICK_MODEL = ("--epochs", "1", "--layer-sizes", "16,8", "--embedding-size", "4")


@dataclass(frozen=True, slots=True)
class Site:
    """The folders of a site."""

    root: Path

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "PACELINE_DATA": str(self.root / "data")}

    def paceline(self, *words: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        command = [sys.executable, "-m", "cli.main", *map(str, words)]
        run = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert run.returncode == 0 or not check, f"{words}: {run.stderr}"
        return run

    def document(self, *words: object) -> Any:
        """Runs a command with --json and returns its document."""
        return json.loads(self.paceline(*words, "--json").stdout)

    def train(self, until: date) -> Any:
        """Materialises until a day, trains a quick model, and returns the document of the training."""
        self.paceline("features", "materialize", "--until", until)
        return self.document("train", "--until", until, "--out", self.models, *QUICK_MODEL, *FORCED)

    @contextmanager
    def server(self, log: Path, *flags: object) -> Iterator[ServerProcess]:
        """Runs a server of the models. Kills it if it still runs at the end."""
        command = [sys.executable, "-m", "cli.main", "serve", "--models", self.models, *ANY_PORTS]
        with serving([*command, "--poll-seconds", "0.2", *flags], log, cwd=ROOT, env=self.env) as started:
            yield started

    @contextmanager
    def serving(self, log: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
        """Runs a server; yields its process and its address."""
        with self.server(log, *flags) as started:
            yield started.process, started.address


def make_site(root: Path) -> Site:
    """Simulates a world, registers its features, and publishes a model that knows nothing of the newest day."""
    site = Site(root)
    sizes = ("--members", MEMBER_COUNT, "--classes", 80, "--days", 8, "--events-per-day", 2500, "--seed", 3)
    site.paceline("simulate", "--out", root / "data" / "world", *sizes)
    site.paceline("features", "apply")
    site.train(EARLIER)
    return site
