"""The list of all checks."""

from collections.abc import Callable, Iterator, Sequence

from contract.stubs.manifest_pb2 import GateCheck
from training.gate.baselines import over_baselines
from training.gate.calibration import calibration
from training.gate.evidence import Evidence
from training.gate.mechanics import latency, served_scores, size
from training.gate.serving import on_slices, over_serving, serving_version
from training.gate.spec import GateSpec

Check = Callable[[Evidence, GateSpec], Iterator[GateCheck]]

CHECKS: Sequence[Check] = (
    over_baselines,
    serving_version,
    over_serving,
    on_slices,
    calibration,
    served_scores,
    latency,
    size,
)


def judge(evidence: Evidence, spec: GateSpec) -> list[GateCheck]:
    """Returns what was checked. A model is fit to be published if every check has passed."""
    return [found for check in CHECKS for found in check(evidence, spec)]
