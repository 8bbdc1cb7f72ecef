"""What `paceline train` does with the verdict of the gate."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from contract.manifest import read_manifest, verify_files
from contract.versions import published_versions
from training.errors import DataError, SpecError

pytestmark = pytest.mark.slow

SPEC = "[model]\nepochs = 3\nbatch_size = 64\nlayer_sizes = [4]\nembedding_size = 2\n\n"


def _table(path: Path, seed: int, signal: float) -> Path:
    """Rows in which a colour raises the chance of the label by `signal`."""
    chance = np.random.default_rng(seed)
    colour = chance.choice(["red", "green", "blue"], 1500)
    label = chance.random(1500) < np.where(colour == "red", 0.3 + signal, 0.3)
    pq.write_table(pa.table({"colour": colour, "bought": label}), path)
    return path


def _tables(folder: Path, signal: float) -> list[str]:
    files = ("table", "validation", "test")
    paths = [_table(folder / f"{name}.parquet", seed, signal) for seed, name in enumerate(files)]
    return [word for name, path in zip(files, paths, strict=True) for word in (f"--{name}", str(path))]


@pytest.fixture(scope="module")
def useless(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Tables from which there is nothing to learn."""
    return _tables(tmp_path_factory.mktemp("useless"), 0.0)


@pytest.fixture(scope="module")
def useful(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return _tables(tmp_path_factory.mktemp("useful"), 0.5)


@pytest.fixture(scope="module")
def first(useful: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The folder of a good model's first version, and what its training said."""
    models = tmp_path_factory.mktemp("models")
    return models, _train(useful, models)


def _train(tables: list[str], models: Path, *words: str, spec: str = SPEC) -> Result:
    (models / "spec.toml").write_text(spec)
    flags = ["--label", "bought", "--spec", str(models / "spec.toml"), "--out", str(models), "--json", *words]
    return CliRunner().invoke(app, ["train", *tables, *flags])


def _failed(document: dict[str, Any]) -> set[str]:
    return {check["name"] for check in document["checks"] if not check["passed"]}


def test_a_refused_model_leaves_nothing_but_its_reasons(useless: list[str], tmp_path: Path) -> None:
    result = _train(useless, tmp_path)

    assert result.exit_code == 3
    document = json.loads(result.stdout)
    assert (document["model"], document["published"]) == ("bought", False)
    assert "auc_gain_over_constant_rate" in _failed(document)
    assert "bought is not fit to be published" in result.stderr
    assert "auc gain" in result.stderr
    assert {path.name for path in (tmp_path / "bought").iterdir()} <= {"refused"}


def test_a_good_model_says_in_its_manifest_what_it_passed(first: tuple[Path, Result]) -> None:
    models, result = first

    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["published"]
    manifest = read_manifest(models / "bought" / "1")
    assert [check.name for check in manifest.gate.checks] == [check["name"] for check in document["checks"]]
    assert all(check.passed for check in manifest.gate.checks)
    assert not manifest.gate.forced_reason


def test_an_equal_of_the_serving_version_passes_and_keeps_no_reason(
    first: tuple[Path, Result], useful: list[str]
) -> None:
    models, _ = first

    result = _train(useful, models, "--force", "--reason", "to be sure")

    assert json.loads(result.stdout)["forced_reason"] is None
    second = read_manifest(models / "bought" / "2").gate
    (serving,) = [check for check in second.checks if check.name == "serving_version"]
    assert serving.message == "compared with version 1"
    assert {check.slice for check in second.checks} >= {"colour=red", "colour=green", "colour=blue"}


def test_force_publishes_what_failed_with_the_reason_and_the_checks(useless: list[str], tmp_path: Path) -> None:
    result = _train(useless, tmp_path, "--force", "--reason", "the shop opens tomorrow")

    assert result.exit_code == 0, result.stderr
    version = tmp_path / "bought" / "1"
    manifest = read_manifest(version)
    verify_files(version, manifest)
    assert manifest.gate.forced_reason == "the shop opens tomorrow"
    assert "auc_gain_over_constant_rate" in {c.name for c in manifest.gate.checks if not c.passed}


def test_all_that_fails_is_told_an_unreadable_serving_version_too(useful: list[str], tmp_path: Path) -> None:
    broken = tmp_path / "bought" / "4"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{")

    result = _train(useful, tmp_path, spec=SPEC + "[gate]\nsize_megabytes = 0.001\nlatency_milliseconds = 0.001\n")

    assert result.exit_code == 3
    document = json.loads(result.stdout)
    assert _failed(document) == {"serving_version", "size_megabytes", "latency_milliseconds"}
    (message,) = [check["message"] for check in document["checks"] if check["name"] == "serving_version"]
    assert "manifest.json does not parse" in message
    assert published_versions(tmp_path / "bought") == [4]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--force",), "--force needs --reason"),
        (("--force", "--reason", " "), "--force needs --reason"),
        (("--reason", "why not"), "--reason is for --force only"),
    ],
)
def test_force_and_its_reason_belong_together(useful: list[str], tmp_path: Path, words: Any, message: str) -> None:
    result = _train(useful, tmp_path, *words)

    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "bought").exists()


def test_a_validation_split_of_one_label_publishes_nothing(useful: list[str], tmp_path: Path) -> None:
    one = tmp_path / "one.parquet"
    pq.write_table(pa.table({"colour": ["red"] * 9, "bought": [True] * 9}), one)

    result = _train(useful, tmp_path, "--validation", str(one))

    assert isinstance(result.exception, DataError)
    assert "has only the label 1" in str(result.exception)
    assert not (tmp_path / "bought").exists()


def test_a_slice_by_an_unknown_input_is_named_before_the_training(useful: list[str], tmp_path: Path) -> None:
    result = _train(useful, tmp_path, spec=SPEC + '[gate]\nslices = ["shape"]\n')

    assert isinstance(result.exception, SpecError)
    assert "gate.slices has 'shape', expected some of colour" in str(result.exception)
