"""Whether a model is not worse than the version that serves now, on the same rows."""

from collections.abc import Iterator
from itertools import accumulate
from statistics import NormalDist
from typing import NamedTuple

from contract.stubs.manifest_pb2 import GateCheck
from training.bootstrap import Floats, Interval
from training.gate.baselines import described
from training.gate.check import check
from training.gate.evidence import Evidence, Serving
from training.gate.figures import Figure
from training.gate.spec import GateSpec
from training.slices import Slice

SIGNIFICANCE = 0.05
"""How likely it may be that any slice is refused by chance."""


def serving_version(evidence: Evidence, _: GateSpec) -> Iterator[GateCheck]:
    """There has to be something to compare with, unless no version serves yet."""
    serving = evidence.serving
    name = "serving_version"
    if serving is None:
        yield GateCheck(name=name, passed=True, message="no version serves yet: there is none to compare with")
    elif serving.scores is None:
        yield GateCheck(name=name, passed=False, message=serving.problem)
    else:
        seen = ", which was trained on some of these rows" if serving.has_seen_rows else ""
        yield GateCheck(name=name, passed=True, message=f"compared with version {serving.version}{seen}")


def over_serving(evidence: Evidence, spec: GateSpec) -> Iterator[GateCheck]:
    """The interval of each gain has to begin above what is tolerated: too few rows to tell refuse.

    Every figure has to hold, which needs no correction for there being several.
    """
    theirs = _scores(evidence.serving)
    if theirs is None:
        return
    table = evidence.table
    for figure in evidence.figures:
        gain = figure.gain(table.labels, evidence.scores, theirs, table.members)
        least = -figure.tolerance(spec, table.labels, theirs)
        message = described(gain)
        yield check(_name(figure), gain.low, message, lowest=least)


class _Compared(NamedTuple):
    """A gain on a slice, how much may be lost there, and the chance to find so little if no more were lost."""

    figure: Figure
    part: Slice
    gain: Interval
    least: float
    chance: float


def on_slices(evidence: Evidence, spec: GateSpec) -> Iterator[GateCheck]:
    """No slice may be significantly worse by more than what is tolerated, by the method of Holm (1979).

    A slice needs `slice_rows` rows. Its gain is taken to be normally distributed, as the small chances that Holm's
    method asks for would need far more replicates than there are.
    """
    theirs = _scores(evidence.serving)
    if theirs is None:
        return
    compared = sorted(_compared(evidence, theirs, spec), key=lambda each: each.chance)
    count = len(compared)
    adjusted = accumulate((min(1.0, c.chance * (count - i)) for i, c in enumerate(compared)), max)
    for each, chance in zip(compared, adjusted, strict=True):
        yield _judged(each, chance)


def _compared(evidence: Evidence, theirs: Floats, spec: GateSpec) -> Iterator[_Compared]:
    for part in evidence.slices:
        if part.mask.sum() < spec.slice_rows:
            continue
        rows = evidence.table.take(part.mask)
        ours, other = evidence.scores[part.mask], theirs[part.mask]
        for figure in evidence.figures:
            if figure.is_told_by(rows.labels):
                gain = figure.gain(rows.labels, ours, other, rows.members)
                least = -figure.tolerance(spec, rows.labels, other)
                yield _Compared(figure, part, gain, least, _chance(gain, least))


def _chance(gain: Interval, least: float) -> float:
    if gain.standard_error > 0:
        return NormalDist().cdf((gain.estimate - least) / gain.standard_error)
    return float(gain.estimate >= least)


def _judged(compared: _Compared, chance: float) -> GateCheck:
    figure, part, gain, least, _ = compared
    return GateCheck(
        name=_name(figure),
        slice=f"{part.group}={part.name}",
        passed=chance >= SIGNIFICANCE,
        found=gain.estimate,
        lowest=least,
        message=f"{described(gain)} in {part.mask.sum():,} rows, p = {chance:.2g}",
    )


def _scores(serving: Serving | None) -> Floats | None:
    return None if serving is None else serving.scores


def _name(figure: Figure) -> str:
    return f"{figure.name}_gain_over_serving"
