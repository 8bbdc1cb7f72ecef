"""The order of things in a training: rows, splits, model, metrics, evidence, verdict, version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from training.baselines import Subject, constant_rate, ranking_baselines
from training.candidate import Candidate
from training.errors import PublishError, RefusedError
from training.evaluation import MODEL, measure
from training.flat import FlatFiles, read_splits
from training.gate.gather import gather
from training.gate.judge import judge
from training.gate.spec import GateSpec
from training.golden import flat_requests, ranking_requests, score_requests, score_tolerance
from training.model.checkpoint import Checkpoints
from training.model.fit import fit
from training.model.fitted import FittedModel
from training.model.spec import ModelSpec
from training.progress import Progress
from training.publish import check_name, publish
from training.report.evidence import report_on
from training.report.profiles import input_profiles
from training.report.report import write_report
from training.saved_model import LoadedModel
from training.serving_weights import serving_weights
from training.slices import named_inputs
from training.source import RankingRows, RankingSource
from training.spec import FlatSpec, RankingSpec
from training.split import Splits, choose_days, split_by_days
from training.table import Columns, newest_rows


@dataclass(frozen=True, slots=True)
class Target:
    """Where a version is published: ``<models>/<name>/<version>``.

    Attributes:
        models: The folder of all models.
        name: The name of the model.
        forced_reason: Why it is published even if the gate would refuse it; "" leaves that to the gate.
        checkpoints: Where a training that is killed leaves what it needs to go on; None for nowhere.
    """

    models: Path
    name: str
    forced_reason: str = ""
    checkpoints: Checkpoints | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A published version, and what was odd about the rows that it was trained on, a sentence each."""

    directory: Path
    manifest: pb.Manifest
    warnings: Sequence[str] = ()


def train_ranking(source: RankingSource, target: Target, spec: RankingSpec, progress: Progress) -> Published:
    """Trains a ranking model and publishes it.

    Args:
        source: Where rows and features come from.
        target: Where to publish.
        spec: What to train.
        progress: Hears of each step.

    Raises:
        ContractError: A tag of the feature service or of a feature is wrong.
        FeatureError: The feature repository can't be opened, or lacks the feature service.
        RefusedError: The gate does not let the version through.
        TrainingError: The specification or the rows are not fit, or the version can't be written.
    """
    check_name(target.name)
    dataset = source.open(spec)
    first, last = dataset.day_range()
    days = choose_days(last, spec.split.train_until, spec.split.validate_until)
    splits = split_by_days(dataset.load(first, last, progress), days, dataset.days.offset)
    service = dataset.inputs
    named_inputs(service.inputs, spec.gate.slices or ())
    class_key = service.source.class_key
    baselines = ranking_baselines(class_key, splits.train.columns[class_key], splits.train.labels)
    fitted = _fit(service.inputs, service.source, splits, spec.model, baselines, target=target, progress=progress)
    candidate = replace(fitted, on_demand_views=dataset.on_demand_views())
    manifest = _manifest(target, candidate)
    manifest.display_features.extend(service.display_features)
    manifest.training.spec_toml = spec.with_split(days.train_until, days.validate_until).to_toml()
    requests = ranking_requests(service.inputs, service.source, splits.test)
    truth = _truth(dataset, spec, days.validate_until, last)
    return _publish(target, manifest, candidate, requests, gate=spec.gate, truth=truth, progress=progress)


def train_flat(files: FlatFiles, label: str, target: Target, spec: FlatSpec, progress: Progress) -> Published:
    """Trains a model on flat tables and publishes it.

    Args:
        files: The file of each split.
        label: The column to predict.
        target: Where to publish.
        spec: What to train.
        progress: Hears of each step.

    Raises:
        RefusedError: The gate does not let the version through.
        TrainingError: The specification or the rows are not fit, or the version can't be written.
    """
    check_name(target.name)
    inputs, splits = read_splits(files, label, spec.inputs, spec.model.objective)
    named_inputs(inputs, spec.gate.slices or ())
    baselines = [constant_rate(splits.train.labels)]
    candidate = _fit(inputs, None, splits, spec.model, baselines, target=target, progress=progress)
    manifest = _manifest(target, candidate)
    manifest.training.spec_toml = spec.to_toml()
    requests = flat_requests(inputs, splits.test)
    return _publish(target, manifest, candidate, requests, gate=spec.gate, truth=None, progress=progress)


def _truth(
    dataset: RankingRows, spec: RankingSpec, validate_until: date, last: date
) -> NDArray[np.float64] | None:
    """Returns the true probabilities of the test rows; None where nobody knows them."""
    first = validate_until + timedelta(days=1)
    return dataset.true_probabilities(spec.truth, first, last) if spec.truth else None


def _fit(
    inputs: Sequence[pb.Input],
    source: pb.FeatureSource | None,
    splits: Splits,
    spec: ModelSpec,
    baselines: Sequence[Subject],
    *,
    target: Target,
    progress: Progress,
) -> Candidate:
    model = _fit_model(inputs, splits, spec, target, progress)
    if source is not None:
        columns = splits.train.columns
        model.fit_probe(columns, newest_rows(columns[source.class_key]))
    subject = Subject(MODEL, lambda table: model.predict(table.columns))
    tables = {"validation": splits.validation, "test": splits.test}
    scores = {split: model.predict(table.columns) for split, table in tables.items()}
    metrics = measure([subject, *baselines], tables, progress, spec.objective)
    warnings = (*splits.train.warnings, *model.notes)
    return Candidate(model, inputs, source, splits, spec, baselines, scores, metrics, warnings)


def _fit_model(
    inputs: Sequence[pb.Input], splits: Splits, spec: ModelSpec, target: Target, progress: Progress
) -> FittedModel:
    def on_epoch(epoch: int, epochs: int, _: Mapping[str, float]) -> None:
        progress("training", epoch, epochs)

    progress("training", 0, spec.ensemble_size * spec.epochs)
    start = serving_weights(target.models / target.name) if spec.warm_start else None
    model = fit(
        inputs, splits.train, splits.validation, spec, on_epoch, checkpoints=target.checkpoints, start=start
    )
    progress("training", len(model.history), len(model.history))  # it may have ended early
    return model


def _manifest(target: Target, candidate: Candidate) -> pb.Manifest:
    train = candidate.splits.train
    manifest = pb.Manifest(
        model_name=target.name,
        feature_source=candidate.source,
        inputs=candidate.inputs,
        on_demand_views=candidate.on_demand_views,
        vocabularies=candidate.model.vocabularies(),
        metrics=candidate.metrics,
        score_tolerance=score_tolerance(candidate.scores["test"]),
        training=pb.Training(
            seed=candidate.spec.seed, row_count=len(train), calibration=candidate.model.calibration()
        ),
    )
    if train.times is not None:
        manifest.training.first_row_time.FromSeconds(int(np.min(train.times)))
        manifest.training.last_row_time.FromSeconds(int(np.max(train.times)))
    return manifest


def _publish(
    target: Target,
    manifest: pb.Manifest,
    candidate: Candidate,
    requests: Sequence[Columns],
    *,
    gate: GateSpec,
    truth: NDArray[np.float64] | None,
    progress: Progress,
) -> Published:
    model_dir = target.models / target.name

    def write(directory: Path, manifest: pb.Manifest) -> None:
        try:
            candidate.model.export(directory)
            loaded = LoadedModel(directory)
            manifest.golden_requests.extend(score_requests(manifest.inputs, requests, loaded.score))
            progress("checking", 0, 1)
            evidence = gather(candidate, loaded, directory, model_dir, gate.slices)
        except tf.errors.OpError as error:
            raise PublishError(f"{directory}: the SavedModel could not be written: {error.message}") from error
        manifest.gate.checks.extend(judge(evidence, gate))
        progress("checking", 1, 1)
        is_refused = not all(check.passed for check in manifest.gate.checks)
        if is_refused and target.forced_reason:
            manifest.gate.forced_reason, is_refused = target.forced_reason, False
        progress("reporting", 0, 1)
        report = report_on(candidate, manifest, evidence, model_dir, truth)
        manifest.input_profiles.extend(input_profiles(report.statistics))
        write_report(_refused_folder(model_dir) if is_refused else directory, report)
        progress("reporting", 1, 1)
        if is_refused:
            raise RefusedError(manifest)

    progress("publishing", 0, 1)
    manifest.create_time.GetCurrentTime()
    directory = publish(target.models, manifest, write)
    progress("publishing", 1, 1)
    return Published(directory, manifest, candidate.warnings)


def _refused_folder(model_dir: Path) -> Path:
    """Returns the folder that keeps the report on the model that was refused last."""
    folder = model_dir / "refused"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
