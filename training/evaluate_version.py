"""Measuring a published version anew, on days that may have come after it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path

from contract.manifest import read_manifest, verify_files
from contract.stubs import manifest_pb2 as pb
from contract.versions import published_versions
from training.baselines import Subject, ranking_baselines
from training.dataset import History, RankingDataset
from training.errors import DataError
from training.evaluation import MODEL, ORACLE, measure, share_of_reachable_lift
from training.labels import check_labels, to_labels
from training.progress import Progress
from training.registered import check_registered, require_source
from training.saved_model import load_scorer
from training.spec import RankingSpec, parse_ranking_spec


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured of a version.

    Attributes:
        manifest: The version's manifest.
        first: The first day of the rows.
        last: Their last day.
        row_count: How many there are.
        metrics: Of the model, the baselines and, where true probabilities are known, the oracle.
        share_of_reachable_lift: How much of the oracle's AUC above 0.5 the model reaches; None without an oracle.
    """

    manifest: pb.Manifest
    first: date
    last: date
    row_count: int
    metrics: Sequence[pb.Metric]
    share_of_reachable_lift: float | None


def newest_version(model_dir: Path) -> int:
    """Returns the newest version of a model.

    Raises:
        DataError: There is none.
    """
    versions = published_versions(model_dir)
    if not versions:
        raise DataError(f"{model_dir} has no published version")
    return versions[-1]


def evaluate_version(
    version_dir: Path,
    history: History,
    first: date | None,
    last: date | None,
    progress: Progress,
) -> Evaluation:
    """Measures a published version with its own ``serving_default``.

    Args:
        version_dir: The folder of the version.
        history: Where rows and features come from.
        first: The first day; by default the one after the version's validation split.
        last: The last day; by default the last with rows that is over.
        progress: Hears of each step.

    Raises:
        ContractError: The version is not what its manifest promises.
        FeatureError: The feature repository can't be opened, or lacks the feature service.
        TrainingError: The rows are not fit, or the features are no longer those of the version.
    """
    manifest = read_manifest(version_dir)
    verify_files(version_dir, manifest)
    spec = _spec(version_dir, manifest)
    dataset = RankingDataset(history, spec)
    check_registered(version_dir, manifest, dataset.inputs)
    first = first or _day_after_validation(spec)
    last = last or dataset.day_range()[1]
    table = dataset.load(first, last, progress)
    check_labels(f"the test split, the days from {first} to {last},", table)
    subjects = [
        version_subject(version_dir, manifest),
        *_baselines(manifest, dataset, spec),
        *_oracle(dataset, spec, first, last),
    ]
    metrics = measure(subjects, {"test": table}, progress, spec.model.objective)
    share = share_of_reachable_lift(metrics)
    return Evaluation(manifest, first, last, len(table), metrics, share)


def _spec(version_dir: Path, manifest: pb.Manifest) -> RankingSpec:
    require_source(version_dir, manifest)
    return parse_ranking_spec(manifest.training.spec_toml, f"{version_dir}: training.spec_toml", {})


def _day_after_validation(spec: RankingSpec) -> date:
    if spec.split.validate_until is None:
        raise DataError("the version's manifest has no split.validate_until, expected --from")
    return spec.split.validate_until + timedelta(days=1)


def version_subject(version_dir: Path, manifest: pb.Manifest) -> Subject:
    """Returns a published version, which scores with its own ``serving_default``."""
    scorer = load_scorer(version_dir)
    return Subject(MODEL, lambda table: scorer({i.name: table.columns[i.name] for i in manifest.inputs}))


def _baselines(manifest: pb.Manifest, dataset: RankingDataset, spec: RankingSpec) -> list[Subject]:
    """Returns the baselines, from the days that the version was trained on."""
    key, label = manifest.feature_source.class_key, spec.dataset.label
    times = (manifest.training.first_row_time, manifest.training.last_row_time)
    first, last = (dataset.days.containing(time.ToDatetime(tzinfo=UTC)) for time in times)
    rows = dataset.rows.between(first, last, [key, label])
    if not rows.num_rows:
        raise DataError(f"there are no rows of the days trained on, {first} to {last}")
    labels = to_labels(f"label {label!r}", rows[label].to_pylist(), spec.model.objective)
    return ranking_baselines(key, rows[key].to_numpy(), labels)


def _oracle(dataset: RankingDataset, spec: RankingSpec, first: date, last: date) -> Iterator[Subject]:
    truth = dataset.true_probabilities(spec.truth, first, last) if spec.truth else None
    if truth is not None:
        yield Subject(ORACLE, lambda _: truth)
