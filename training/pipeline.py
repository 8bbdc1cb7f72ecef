"""The order of things in a training: rows, splits, model, metrics, version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from contract.stubs import manifest_pb2 as pb
from training.baselines import Subject, constant_rate, ranking_baselines
from training.dataset import History, RankingDataset
from training.errors import PublishError
from training.evaluation import MODEL, measure
from training.flat import FlatFiles, read_splits
from training.golden import SCORE_TOLERANCE, flat_requests, ranking_requests, score_requests
from training.model.fit import fit
from training.model.fitted import FittedModel
from training.model.spec import ModelSpec
from training.progress import Progress
from training.publish import check_name, publish
from training.saved_model import load_scorer
from training.spec import FlatSpec, RankingSpec
from training.split import Splits, choose_days, split_by_days
from training.table import Columns


@dataclass(frozen=True, slots=True)
class Target:
    """Where a version is published: ``<models>/<name>/<version>``."""

    models: Path
    name: str


@dataclass(frozen=True, slots=True)
class Published:
    """A published version."""

    directory: Path
    manifest: pb.Manifest


def train_ranking(history: History, target: Target, spec: RankingSpec, progress: Progress) -> Published:
    """Trains a ranking model on the history of a world and publishes it.

    Args:
        history: Where rows and features come from.
        target: Where to publish.
        spec: What to train.
        progress: Hears of each step.

    Raises:
        ContractError: A tag of the feature service or of a feature is wrong.
        FeatureError: The feature repository can't be opened, or lacks the feature service.
        TrainingError: The specification or the rows are not fit, or the version can't be written.
    """
    check_name(target.name)
    dataset = RankingDataset(history, spec)
    first, last = dataset.day_range()
    days = choose_days(last, spec.split.train_until, spec.split.validate_until)
    splits = split_by_days(dataset.load(first, last, progress), days, dataset.days.offset)
    service = dataset.inputs
    model = _fit(service.inputs, splits, spec.model, progress)
    class_key = service.source.class_key
    baselines = ranking_baselines(class_key, splits.train.columns[class_key], splits.train.labels)
    metrics = _measure(model, baselines, splits, progress)
    manifest = _manifest(target, service.inputs, model, splits, spec.model)
    manifest.metrics.extend(metrics)
    manifest.feature_source.CopyFrom(service.source)
    manifest.display_features.extend(service.display_features)
    manifest.training.spec_toml = spec.with_split(days.train_until, days.validate_until).to_toml()
    requests = ranking_requests(service.inputs, service.source, splits.test)
    return _publish(target, manifest, model, requests, progress)


def train_flat(files: FlatFiles, label: str, target: Target, spec: FlatSpec, progress: Progress) -> Published:
    """Trains a model on flat tables and publishes it.

    Args:
        files: The file of each split.
        label: The column to predict.
        target: Where to publish.
        spec: What to train.
        progress: Hears of each step.

    Raises:
        TrainingError: The specification or the rows are not fit, or the version can't be written.
    """
    check_name(target.name)
    inputs, splits = read_splits(files, label, spec.inputs)
    model = _fit(inputs, splits, spec.model, progress)
    metrics = _measure(model, [constant_rate(splits.train.labels)], splits, progress)
    manifest = _manifest(target, inputs, model, splits, spec.model)
    manifest.metrics.extend(metrics)
    manifest.training.spec_toml = spec.to_toml()
    return _publish(target, manifest, model, flat_requests(inputs, splits.test), progress)


def _fit(inputs: Sequence[pb.Input], splits: Splits, spec: ModelSpec, progress: Progress) -> FittedModel:
    def on_epoch(epoch: int, epochs: int, _: Mapping[str, float]) -> None:
        progress("training", epoch, epochs)

    progress("training", 0, spec.epochs)
    model = fit(inputs, splits.train, splits.validation, spec, on_epoch)
    progress("training", len(model.history), len(model.history))  # it may have ended early
    return model


def _measure(
    model: FittedModel, baselines: Sequence[Subject], splits: Splits, progress: Progress
) -> list[pb.Metric]:
    subjects = [Subject(MODEL, lambda table: model.predict(table.columns)), *baselines]
    return measure(subjects, {"validation": splits.validation, "test": splits.test}, progress)


def _manifest(
    target: Target, inputs: Sequence[pb.Input], model: FittedModel, splits: Splits, spec: ModelSpec
) -> pb.Manifest:
    manifest = pb.Manifest(
        model_name=target.name,
        inputs=inputs,
        vocabularies=model.vocabularies(),
        score_tolerance=SCORE_TOLERANCE,
        training=pb.Training(seed=spec.seed, row_count=len(splits.train)),
    )
    if splits.train.times is not None:
        manifest.training.first_row_time.FromSeconds(int(np.min(splits.train.times)))
        manifest.training.last_row_time.FromSeconds(int(np.max(splits.train.times)))
    return manifest


def _publish(
    target: Target, manifest: pb.Manifest, model: FittedModel, requests: Sequence[Columns], progress: Progress
) -> Published:
    def write(directory: Path, manifest: pb.Manifest) -> None:
        try:
            model.export(directory)
            manifest.golden_requests.extend(score_requests(manifest.inputs, requests, load_scorer(directory)))
        except tf.errors.OpError as error:
            raise PublishError(f"{directory}: the SavedModel could not be written: {error.message}") from error

    progress("publishing", 0, 1)
    manifest.create_time.GetCurrentTime()
    directory = publish(target.models, manifest, write)
    progress("publishing", 1, 1)
    return Published(directory, manifest)
