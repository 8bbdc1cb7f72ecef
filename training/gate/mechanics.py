"""Whether the SavedModel is fit to serve: it scores as the model did, fast enough, and is not too large."""

from collections.abc import Iterator

from contract.stubs.manifest_pb2 import GateCheck
from training.gate.check import check
from training.gate.evidence import Evidence
from training.gate.spec import GateSpec
from training.golden import score_tolerance


def served_scores(evidence: Evidence, _: GateSpec) -> Iterator[GateCheck]:
    """Each signature has to give the scores that were measured in training."""
    for signature, difference in evidence.exported.differences.items():
        message = "the largest difference from the scores in training"
        yield check(f"served_scores_of_{signature}", difference, message, highest=score_tolerance(evidence.scores))


def latency(evidence: Evidence, spec: GateSpec) -> Iterator[GateCheck]:
    """Ranking all classes for a member has to take no longer than allowed."""
    exported = evidence.exported
    what = f"ranking {exported.class_count:,} classes" if exported.class_count else "scoring a row"
    yield check("latency_milliseconds", exported.latency_milliseconds, what, highest=spec.latency_milliseconds)


def size(evidence: Evidence, spec: GateSpec) -> Iterator[GateCheck]:
    """The files have to take no more space than allowed."""
    megabytes = evidence.exported.size_bytes / 1e6
    yield check("size_megabytes", megabytes, "the files of the SavedModel", highest=spec.size_megabytes)
