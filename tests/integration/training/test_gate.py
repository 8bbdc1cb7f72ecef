"""The gate on real models: what it measures of them, and what `paceline train` does with the verdict."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.label_events import HISTORY_FOLDER, to_json
from contract.labels import LabelAction, LabelEvent, Note
from contract.manifest import read_manifest, write_manifest
from contract.stubs import manifest_pb2 as pb
from tests.support.model_inputs import CROSSES, RANKING_INPUTS, draw_rows
from training.candidate import Candidate
from training.gate.evidence import Serving
from training.gate.exported import measure_exported
from training.gate.serving_scores import score_serving
from training.golden import SCORE_TOLERANCE
from training.model.fit import fit
from training.model.spec import ModelSpec
from training.saved_model import LoadedModel
from training.serving_version import serving_version
from training.split import Splits

pytestmark = pytest.mark.slow

SOURCE = pb.FeatureSource(feature_service="f", member_key="member_id", class_key="class_id")


@pytest.fixture(scope="module")
def candidate() -> Candidate:
    spec = ModelSpec(crosses=tuple(map(tuple, CROSSES)), layer_sizes=(8,), embedding_size=2, epochs=1)
    splits = Splits(draw_rows(800, 1), draw_rows(200, 2), draw_rows(200, 3))
    model = fit(RANKING_INPUTS, splits.train, splits.validation, spec, lambda *_: None)
    scores = {"test": model.predict(splits.test.columns)}
    return Candidate(model, RANKING_INPUTS, SOURCE, splits, spec, [], scores, [])


@pytest.fixture(scope="module")
def version(candidate: Candidate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 3 of the model. Not to be changed."""
    directory = tmp_path_factory.mktemp("models") / "ranking" / "3"
    candidate.model.export(directory)
    write_manifest(directory, pb.Manifest(model_name="ranking", version=3, inputs=candidate.inputs))
    return directory


class TestExported:
    """What is measured of a SavedModel."""

    def test_both_ways_of_scoring_are_compared_with_the_model(self, candidate: Candidate, version: Path) -> None:
        found = measure_exported(LoadedModel(version), version, candidate)

        assert found.differences.keys() == {"serving_default", "rank"}
        assert max(found.differences.values()) < SCORE_TOLERANCE
        assert found.class_count == len(set(candidate.splits.train.columns["class_id"]))
        assert found.latency_milliseconds > 0
        assert found.size_bytes > 10_000

    def test_a_saved_model_of_other_weights_differs_in_both(self, candidate: Candidate, version: Path) -> None:
        splits, spec = candidate.splits, replace(candidate.spec, seed=2)
        other = fit(RANKING_INPUTS, splits.train, splits.validation, spec, lambda *_: None)
        changed = replace(candidate, model=other, scores={"test": other.predict(splits.test.columns)})

        found = measure_exported(LoadedModel(version), version, changed)

        assert min(found.differences.values()) > SCORE_TOLERANCE

    def test_a_flat_model_is_not_ranked(self, candidate: Candidate, version: Path) -> None:
        found = measure_exported(LoadedModel(version), version, replace(candidate, source=None))

        assert found.differences.keys() == {"serving_default"}
        assert found.class_count == 0


class TestServing:
    """The version that serves, scoring the same rows."""

    def test_its_scores_are_its_own(self, candidate: Candidate, version: Path) -> None:
        found = score_serving(version.parent, candidate.splits.test)

        assert found is not None
        assert (found.version, found.problem, found.has_seen_rows) == (3, "", False)
        assert found.scores is not None
        np.testing.assert_allclose(found.scores, candidate.scores["test"], atol=SCORE_TOLERANCE)

    def test_rows_it_was_trained_on_are_noticed(self, candidate: Candidate, version: Path, tmp_path: Path) -> None:
        copy = _copy(version, tmp_path)
        manifest = read_manifest(copy)
        manifest.training.last_row_time.FromSeconds(1000)
        write_manifest(copy, manifest)
        rows = len(candidate.splits.test)

        for time, seen in ((1000, True), (1001, False)):
            table = replace(candidate.splits.test, times=np.full(rows, time))
            found = score_serving(copy.parent, table)
            assert found is not None
            assert found.has_seen_rows is seen

    def test_there_may_be_none(self, candidate: Candidate, tmp_path: Path) -> None:
        assert score_serving(tmp_path / "ranking", candidate.splits.test) is None

    @pytest.mark.parametrize(
        ("damage", "problem"),
        [
            (lambda folder: (folder / "manifest.json").unlink(), "manifest.json does not exist"),
            (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json does not parse"),
            (lambda folder: (folder / "saved_model.pb").write_bytes(b"?"), "the manifest says"),
            (
                lambda folder: _rewrite(folder, (folder / "saved_model.pb").unlink),
                "SavedModel file",
            ),
            (lambda folder: _rewrite(folder, inputs=[pb.Input(name="shoe_size")]), "it reads 'shoe_size', which"),
            (
                lambda folder: _rewrite(folder, views=[pb.OnDemandView(name="pace")]),
                "it computes on-demand view 'pace' otherwise than it is registered",
            ),
            (lambda folder: _rewrite(folder, inputs=RANKING_INPUTS[:3]), "version 3 serves and can't be compared"),
        ],
    )
    def test_one_that_can_not_score_is_a_named_problem(
        self, candidate: Candidate, version: Path, tmp_path: Path, damage: Any, problem: str
    ) -> None:
        copy = _copy(version, tmp_path)
        damage(copy)

        found = score_serving(copy.parent, candidate.splits.test)

        assert found is not None
        assert (found.version, found.scores) == (3, None)
        assert problem in found.problem
        assert "\n" not in found.problem

    def test_an_entry_of_the_history_that_is_none_is_a_named_problem(
        self, candidate: Candidate, tmp_path: Path
    ) -> None:
        _history(tmp_path)
        (tmp_path / HISTORY_FOLDER / "00000001.json").write_text("{}")

        found = score_serving(tmp_path, candidate.splits.test)

        assert found == Serving(None, problem=found.problem if found else "")
        assert "00000001.json is no label event: action is missing" in found.problem


def _event(action: LabelAction, version: int | None, previous: int | None) -> LabelEvent:
    return LabelEvent(action, 0.0, Note("ana"), version=version, previous_version=previous)


@pytest.mark.parametrize(
    ("events", "serves"),
    [
        ([], 3),
        ([_event(LabelAction.PROMOTE, 1, 3)], 1),
        ([_event(LabelAction.PROMOTE, 1, 3), _event(LabelAction.UNPIN, None, 1)], 3),
        ([_event(LabelAction.ROLL_BACK, 2, 3)], 2),
        ([_event(LabelAction.ROLL_BACK, 1, 3), _event(LabelAction.UNPIN, None, 1)], 2),
    ],
)
def test_the_version_that_serves_is_that_of_the_label_stable(
    tmp_path: Path, events: Sequence[LabelEvent], serves: int
) -> None:
    for name in ("1", "2", "3", "refused", ".aside.partial"):
        (tmp_path / name).mkdir()
    _history(tmp_path, *events)

    assert serving_version(tmp_path) == serves


def _history(model_dir: Path, *events: LabelEvent) -> None:
    folder = model_dir / HISTORY_FOLDER
    folder.mkdir()
    for number, event in enumerate(events, start=1):
        (folder / f"{number:08d}.json").write_bytes(to_json(event))


def _copy(version: Path, folder: Path) -> Path:

    return Path(shutil.copytree(version, folder / "ranking" / "3"))


def _rewrite(
    folder: Path, change: Any = None, inputs: Sequence[pb.Input] = (), views: Sequence[pb.OnDemandView] = ()
) -> None:
    manifest = read_manifest(folder)
    if change is not None:
        change()
    if inputs:
        del manifest.inputs[:]
        manifest.inputs.extend(inputs)
    manifest.on_demand_views.extend(views)
    write_manifest(folder, manifest)
