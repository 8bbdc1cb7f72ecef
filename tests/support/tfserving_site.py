"""A folder of models as a team has it that uses TensorFlow Serving, without a manifest or a feature repository.

Importing this imports TensorFlow.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import odd_models
from tests.support.half_plus import write_half_plus
from tests.support.server_process import ANY_PORTS, ServerProcess, serving

PACELINE = str(Path(sys.executable).with_name("paceline"))

CONFIG = """
model_config_list {{
  config {{
    name: "half"
    base_path: "{root}/models/half_plus"
    model_platform: "tensorflow"
    model_version_policy {{ latest {{ num_versions: 2 }} }}
    version_labels {{ key: "stable" value: 2 }}
    version_labels {{ key: "canary" value: 3 }}
  }}
  config {{
    name: "words"
    base_path: "{root}/models/words"
    model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 1 }} }}
  }}
  config {{
    name: "echo"
    base_path: "{root}/models/echo"
    model_platform: "tensorflow"
    model_version_policy {{ all {{}} }}
  }}
  config {{ name: "growing" base_path: "{root}/models/growing" model_platform: "tensorflow" }}
{more}}}
"""
LOADED = {"half": (2, 3), "words": (1,), "echo": (1, 2), "growing": (1,)}
"""What is loaded of each model."""


@dataclass(frozen=True, slots=True)
class ServingSite:
    """The folder."""

    root: Path

    @property
    def models(self) -> Path:
        return self.root / "models"

    def config(self, more: str = "") -> str:
        """Returns the config of the models, and of some more."""
        return CONFIG.format(root=self.root, more=more)

    def next_version(self, model: str) -> int:
        """Returns a number above those of the versions that a model has."""
        return 1 + max(int(path.name) for path in (self.models / model).iterdir())

    def publish(self, model: str, aside: Path) -> int:
        """Renames a version that was written aside into the folder of its model; returns its number."""
        version = self.next_version(model)
        aside.rename(self.models / model / str(version))
        return version

    def paceline(self, *words: object, **env: str) -> str:
        """Runs a command to its end, and returns what it prints; `env` is set beside the tests' environment."""
        command, variables = [PACELINE, *map(str, words)], {**os.environ, **env}
        run = subprocess.run(command, cwd=self.root, env=variables, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"{words}: {run.stderr}"
        return run.stdout

    @contextmanager
    def serving(self) -> Iterator[ServerProcess]:
        """Runs a server of the config, in the folder."""
        config = self.root / "models.config"
        config.write_text(self.config(), encoding="utf-8")
        command = [PACELINE, "serve", "--model-config-file", config, *ANY_PORTS]
        with serving(command, self.root / "server.log", cwd=self.root) as server:
            yield server


def make_site(root: Path) -> ServingSite:
    """Writes every version of every model; half_plus and growing add their version."""
    site = ServingSite(root)
    for version in (1, 2, 3):
        write_half_plus(site.models / "half_plus" / str(version), float(version))
    write_half_plus(site.models / "growing" / "1", 1.0)
    for number in ("1", "2"):
        odd_models.write(odd_models.EveryDtype(), site.models / "echo" / number)
        (site.models / "words").mkdir(exist_ok=True)
        odd_models.write_v1(site.models / "words" / number, ["serve"])
    return site
