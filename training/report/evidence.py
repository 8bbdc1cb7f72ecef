"""From the gate's evidence to what a report is about."""

from pathlib import Path

from contract.stubs import manifest_pb2 as pb
from contract.versions import published_versions
from training.candidate import Candidate
from training.gate.evidence import Evidence
from training.report.statistics import FILE, Statistics, read_statistics, summarise
from training.report.subject import Floats, Reported


def report_on(
    candidate: Candidate, manifest: pb.Manifest, evidence: Evidence, model_dir: Path, truth: Floats | None
) -> Reported:
    """Returns all that is known of a model.

    Args:
        candidate: The model.
        manifest: What it is to be published with, the verdict of the gate too.
        evidence: What the gate judged by.
        model_dir: The folder of the model's published versions.
        truth: The true probabilities of the test rows, ``[rows]``; None where nobody knows them.
    """
    train = candidate.splits.train
    return Reported(
        manifest=manifest,
        candidate=candidate,
        slices=evidence.slices,
        statistics=summarise(candidate.inputs, train.columns, train.labels),
        previous=last_statistics(model_dir),
        serving=evidence.serving,
        truth=truth,
    )


def last_statistics(model_dir: Path) -> Statistics | None:
    """Returns those of the newest version that has any."""
    found = (read_statistics(model_dir / str(v) / FILE) for v in reversed(published_versions(model_dir)))
    return next((statistics for statistics in found if statistics is not None), None)
