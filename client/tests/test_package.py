"""What the package promises to those who install it."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import paceline
from client.tests.admin_server import AdminServer
from paceline.testing import FakeServer
from paceline.v1 import model_admin_service_pb2 as pb

PACKAGE = Path(__file__).parent.parent
LIGHT = {"googleapis-common-protos", "grpcio", "grpcio-status", "protobuf", "typing-extensions"}
BLOCK = re.compile(r"^```python ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall((PACKAGE / "README.md").read_text())
ADMIN = "localhost:8502"


def installed_with(requirements: list[str]) -> set[str]:
    """Returns the names of the requirements and, in turn, of theirs; extras apart."""
    names: set[str] = set()
    pending = [Requirement(text) for text in requirements]
    while pending:
        requirement = pending.pop()
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if wanted and requirement.name not in names:
            names.add(requirement.name)
            pending += map(Requirement, requires(requirement.name) or [])
    return names


def test_installing_brings_nothing_heavy() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    assert installed_with(project["dependencies"]) <= LIGHT


def test_importing_brings_nothing_heavy() -> None:
    script = "import sys, paceline, paceline.testing; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"tensorflow", "feast", "numpy", "pandas", "contract", "pytest"}.intersection(modules)


def test_the_stubs_may_be_imported_with_the_oldest_versions_allowed() -> None:
    """Generated stubs refuse to be imported by an older runtime than they name."""
    stubs = PACKAGE / "src/paceline/v1"
    generated = {
        "grpcio": re.search(r"GENERATED_VERSION = '(.*)'", (stubs / "model_service_pb2_grpc.py").read_text()),
        "protobuf": re.search(r"Python Version: (.*)", (stubs / "model_service_pb2.py").read_text()),
    }
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    oldest = {r.name: r.specifier for r in map(Requirement, project["dependencies"])}
    for name, version in generated.items():
        assert version is not None
        assert str(oldest[name]) == f">={version[1]}"


def test_types_are_announced() -> None:
    assert (PACKAGE / "src/paceline/py.typed").exists()


def test_all_that_is_exported_exists() -> None:
    assert all(hasattr(paceline, name) for name in paceline.__all__)


def run(source: str) -> str:
    """Returns what an example prints."""
    return subprocess.run([sys.executable, "-c", source], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("source", [code for name, code in BLOCKS if not name and ADMIN not in code])
def test_the_examples_of_the_readme_run(source: str, paceline_server: FakeServer) -> None:
    paceline_server.rank("m000001", [("c00001", 0.9), ("c00002", 0.5)])
    paceline_server.describe("c00001", title="Calm", minutes=20, discipline="yoga")
    run(source.replace("localhost:8500", paceline_server.target))
    assert paceline_server.requests


def test_the_example_for_admins_runs() -> None:
    [source] = [code for _, code in BLOCKS if ADMIN in code]
    with AdminServer() as server:
        server.answer = pb.PromoteVersionResponse(
            event=pb.LabelEvent(label="stable", version=4, previous_version=3)
        )
        assert run(source.replace(ADMIN, server.target)) == "stable is on version 4, it was on 3\n"


def test_the_test_of_the_readme_passes(tmp_path: Path) -> None:
    for name, code in BLOCKS:
        if name:
            (tmp_path / name).write_text(code)
    pytest_run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    result = subprocess.run(
        [*pytest_run, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert "2 passed" in result.stdout, result.stdout
