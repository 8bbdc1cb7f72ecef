"""The order of things in a training: rows, splits, model, metrics. `training.release` makes a version of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from training.baselines import Subject, constant_rate, ranking_baselines
from training.candidate import Candidate
from training.evaluation import MODEL, measure
from training.flat import FlatFiles, read_splits
from training.golden import flat_requests, ranking_requests
from training.model.fit import fit
from training.model.fitted import FittedModel
from training.model.spec import ModelSpec
from training.progress import Progress
from training.publish import check_name
from training.release import Published, Target, manifest_of, release
from training.serving_weights import serving_weights
from training.slices import named_inputs
from training.source import RankingRows, RankingSource
from training.spec import FlatSpec, RankingSpec
from training.split import Splits, choose_days, split_by_days
from training.table import newest_rows


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
    manifest = manifest_of(candidate, target.name)
    manifest.display_features.extend(service.display_features)
    manifest.training.spec_toml = spec.with_split(days.train_until, days.validate_until).to_toml()
    requests = ranking_requests(service.inputs, service.source, splits.test)
    truth = _truth(dataset, spec, days.validate_until, last)
    return release(candidate, manifest, requests, target, gate=spec.gate, truth=truth, progress=progress)


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
    manifest = manifest_of(candidate, target.name)
    manifest.training.spec_toml = spec.to_toml()
    requests = flat_requests(inputs, splits.test)
    return release(candidate, manifest, requests, target, gate=spec.gate, truth=None, progress=progress)


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
