"""From a candidate to a published version: golden requests, evidence, verdict, report."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contract.stubs import manifest_pb2 as pb
from training.candidate import Candidate
from training.errors import PublishError, RefusedError
from training.gate.gather import gather
from training.gate.judge import judge
from training.gate.spec import GateSpec
from training.golden import score_requests, score_tolerance
from training.model.checkpoint import Checkpoints
from training.progress import Progress, stage
from training.publish import publish
from training.report.evidence import report_on
from training.report.profiles import input_profiles
from training.report.report import write_report
from training.saved_model import LoadedModel
from training.table import Columns


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


def manifest_of(candidate: Candidate, name: str) -> pb.Manifest:
    """Returns what is known of a candidate before it is written.

    Args:
        candidate: The candidate.
        name: The name of the model.
    """
    train = candidate.splits.train
    manifest = pb.Manifest(
        model_name=name,
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


def release(
    candidate: Candidate,
    manifest: pb.Manifest,
    requests: Sequence[Columns],
    target: Target,
    *,
    gate: GateSpec,
    truth: NDArray[np.float64] | None,
    progress: Progress,
) -> Published:
    """Publishes a candidate if the gate lets it through, with a report; without, the report alone is kept.

    Args:
        candidate: The candidate.
        manifest: What is known of it; the rest is filled in here.
        requests: Its golden requests, without their scores.
        target: Where to publish.
        gate: What it is judged by.
        truth: The true probabilities of the test rows; None where nobody knows them.
        progress: Hears of each step.

    Raises:
        RefusedError: The gate does not let it through.
        PublishError: The version can't be written.
    """
    model_dir = target.models / target.name

    def write(directory: Path, manifest: pb.Manifest) -> None:
        with _as_publish_errors(directory):
            loaded = _export(candidate, manifest, requests, directory)
            with stage(progress, "checking"):
                evidence = gather(candidate, loaded, directory, model_dir, gate.slices)
                manifest.gate.checks.extend(judge(evidence, gate))
        is_refused = _is_refused(manifest.gate, target.forced_reason)
        with stage(progress, "reporting"):
            report = report_on(candidate, manifest, evidence, model_dir, truth)
            manifest.input_profiles.extend(input_profiles(report.statistics))
            write_report(_refused_folder(model_dir) if is_refused else directory, report)
        if is_refused:
            raise RefusedError(manifest)

    with stage(progress, "publishing"):
        manifest.create_time.GetCurrentTime()
        directory = publish(target.models, manifest, write)
    return Published(directory, manifest, candidate.warnings)


@contextmanager
def _as_publish_errors(directory: Path) -> Iterator[None]:
    """Tells in our own words what TensorFlow could not write, or not run again."""
    try:
        yield
    except tf.errors.OpError as error:
        raise PublishError(f"{directory}: the SavedModel could not be written: {error.message}") from error


def _export(
    candidate: Candidate, manifest: pb.Manifest, requests: Sequence[Columns], directory: Path
) -> LoadedModel:
    """Writes the SavedModel, and returns it as it is read again, once it has scored the golden requests."""
    candidate.model.export(directory)
    loaded = LoadedModel(directory)
    manifest.golden_requests.extend(score_requests(manifest.inputs, requests, loaded.score))
    return loaded


def _is_refused(gate: pb.Gate, forced_reason: str) -> bool:
    """Returns whether a check failed and nobody forces the version through, which is written into the gate."""
    if all(check.passed for check in gate.checks):
        return False
    gate.forced_reason = forced_reason
    return not forced_reason


def _refused_folder(model_dir: Path) -> Path:
    """Returns the folder that keeps the report on the model that was refused last."""
    folder = model_dir / "refused"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
