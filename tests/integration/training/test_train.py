"""`paceline train` and `paceline evaluate` on a history, as a script uses them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.main import app
from contract.columns import from_message
from contract.errors import ManifestError
from contract.manifest import read_manifest, verify_files
from contract.stubs import manifest_pb2 as pb
from contract.versions import published_versions
from tests.support.forced import FORCED
from tests.support.histories import TRAINING
from training.dataset import History
from training.errors import DataError, PublishError, SpecError
from training.golden import broadcast
from training.saved_model import load_scorer
from training.spec import parse_ranking_spec

pytestmark = pytest.mark.slow

RANKING_METRICS = {"auc", "member_auc", "member_auc_coverage", "ndcg_at_10"}
ALL_METRICS = {*RANKING_METRICS, "log_loss", "accuracy", "calibration", "expected_calibration_error"}


def _run(*words: str | Path) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def _train(history: History, models: Path, *words: str | Path) -> dict[str, Any]:
    return _run("train", "--repo", history.repo, "--out", models, *FORCED, *words)


def _evaluate(history: History, models: Path, *words: str | Path) -> dict[str, Any]:
    return _run("evaluate", *words, "--repo", history.repo, "--models", models)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def trained(history: History, models: Path) -> dict[str, Any]:
    """The document of the first training, whose seed is given by a flag."""
    return _train(history, models, "--seed", "7", "--train-until", "2026-03-04")


@pytest.fixture(scope="module")
def manifest(trained: dict[str, Any]) -> pb.Manifest:
    return read_manifest(Path(trained["directory"]))


def test_metrics_of_the_model_and_its_baselines_are_printed(trained: dict[str, Any]) -> None:
    assert (trained["model"], trained["version"], trained["train_row_count"]) == ("ranking", 1, 4 * 120)
    for split in ("validation", "test"):
        measured = {subject: set(values) for subject, values in trained["metrics"][split].items()}
        assert measured == {"model": ALL_METRICS, "popularity": RANKING_METRICS, "class_rate": ALL_METRICS}


def test_the_manifest_says_how_the_model_was_trained(manifest: pb.Manifest) -> None:
    assert manifest.feature_source.feature_service == "small_v1"
    assert manifest.training.seed == 7
    assert manifest.training.row_count == 4 * 120
    assert manifest.training.first_row_time.ToJsonString() < "2026-03-01T01"
    assert "2026-03-04T23" < manifest.training.last_row_time.ToJsonString() < "2026-03-05"
    spec = parse_ranking_spec(manifest.training.spec_toml, "manifest", {})
    assert (str(spec.split.train_until), str(spec.split.validate_until)) == ("2026-03-04", "2026-03-05")
    expected = parse_ranking_spec(TRAINING, "training.toml", {"seed": 7})
    assert (spec.dataset, spec.context, spec.model) == (expected.dataset, expected.context, expected.model)
    assert {vocabulary.input_name for vocabulary in manifest.vocabularies} >= {"member_id", "class_id", "surface"}


def test_the_version_is_what_its_manifest_promises(manifest: pb.Manifest, trained: dict[str, Any]) -> None:
    verify_files(Path(trained["directory"]), manifest)


def test_golden_scores_are_those_of_the_published_model(manifest: pb.Manifest, trained: dict[str, Any]) -> None:
    scorer = load_scorer(Path(trained["directory"]))
    specs = {spec.name: spec for spec in manifest.inputs}
    for request in manifest.golden_requests:
        columns = {c.input_name: from_message(specs[c.input_name], c) for c in request.columns}

        scores = scorer(broadcast(columns))

        assert len(set(request.scores)) > 1
        np.testing.assert_allclose(scores, request.scores, atol=manifest.score_tolerance)


def test_evaluating_a_version_repeats_its_metrics(trained: dict[str, Any], history: History, models: Path) -> None:
    evaluated = _evaluate(history, models, "1")

    assert (evaluated["from"], evaluated["to"], evaluated["row_count"]) == ("2026-03-06", "2026-03-06", 120)
    for subject in ("model", "popularity", "class_rate"):
        expected = trained["metrics"]["test"][subject]
        assert evaluated["metrics"]["test"][subject] == pytest.approx(expected, abs=1e-5)


@pytest.mark.usefixtures("trained")
def test_true_probabilities_say_what_can_be_reached(history: History, models: Path) -> None:
    """In this world they order everything right."""
    evaluated = _evaluate(history, models, "--from", "2026-03-05", "--to", "2026-03-06")

    assert evaluated["row_count"] == 2 * 120
    assert evaluated["metrics"]["test"]["oracle"]["auc"] == 1
    auc = evaluated["metrics"]["test"]["model"]["auc"]
    assert evaluated["share_of_reachable_lift"] == pytest.approx((auc - 0.5) / 0.5)


def test_a_changed_version_is_not_evaluated(trained: dict[str, Any], history: History, tmp_path: Path) -> None:
    source = Path(trained["directory"])
    copy = tmp_path / "ranking" / "1"
    copy.mkdir(parents=True)
    for name in ("manifest.json", "saved_model.pb"):
        (copy / name).write_bytes((source / name).read_bytes())

    with pytest.raises(ManifestError, match="does not exist"):
        _evaluate(history, tmp_path)


def test_the_same_seed_makes_the_same_model(trained: dict[str, Any], history: History, models: Path) -> None:
    again = _train(history, models, "--seed", "7", "--train-until", "2026-03-04", "--name", "again")

    assert again["metrics"] == trained["metrics"]


def test_what_is_not_fit_publishes_nothing(history: History, tmp_path: Path) -> None:
    for words, error, message in (
        (("--name", "../x"), PublishError, "--name is '../x'"),
        (("--epochs", "0"), SpecError, "model.epochs is 0"),
        (("--train-until", "2026-02-01", "--validate-until", "2026-02-02"), DataError, "the training split"),
        (("--world", tmp_path / "nowhere"), DataError, "nowhere holds no tables"),
        (("--spec", tmp_path / "none.toml"), SpecError, "none.toml can't be read"),
    ):
        with pytest.raises(error, match=message):
            _train(history, tmp_path / "models", *words)
    assert published_versions(tmp_path / "models" / "ranking") == []


def test_a_model_that_was_never_published_is_named(history: History, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="ranking has no published version"):
        _evaluate(history, tmp_path)
