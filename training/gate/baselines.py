"""Whether a model is better than what needs no model."""

from collections.abc import Iterator

from contract.stubs.manifest_pb2 import GateCheck
from training.baselines import Subject
from training.bootstrap import Interval
from training.gate.evidence import Evidence
from training.gate.figures import Figure
from training.gate.spec import GateSpec


def over_baselines(evidence: Evidence, _: GateSpec) -> Iterator[GateCheck]:
    """The AUC has to be higher than each baseline's by an interval above zero; a loss has to be lower."""
    for baseline in evidence.baselines:
        for figure in evidence.figures:
            if baseline.is_probability or not figure.needs_values:
                yield _over(evidence, baseline, figure)


def _over(evidence: Evidence, baseline: Subject, figure: Figure) -> GateCheck:
    table = evidence.table
    gain = figure.gain(table.labels, evidence.scores, baseline.score(table), table.members)
    found = gain.estimate if figure.is_loss else gain.low
    message = f"{described(gain)}, expected more than 0"
    name = f"{figure.name}_gain_over_{baseline.name}"
    return GateCheck(name=name, passed=found > 0, found=found, lowest=0.0, message=message)


def described(gain: Interval) -> str:
    """Returns a gain with its interval."""
    return f"{gain.estimate:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
