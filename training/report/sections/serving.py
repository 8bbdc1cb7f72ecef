"""The model beside the version that serves now."""

from dataclasses import dataclass

from training.metrics import tells_auc
from training.report.intervals import Estimate, auc_difference
from training.report.page import Rows, Section, Text
from training.report.subject import Floats, Reported
from training.slices import Mask

SHOWN = 15


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much the model's AUC is higher on some rows."""

    rows: str
    count: int
    auc: Estimate


def serving(reported: Reported) -> Section | None:
    """Returns the comparison with the version that serves now; None if none does."""
    theirs, table = reported.serving, reported.table
    if theirs is None or not reported.is_binary:
        return None
    if theirs.scores is None:
        return Section("Against the serving version", [Text(f"There is no comparison: {theirs.problem}.")])
    whole = Gain("all rows", len(table), _gain(reported, theirs.scores, slice(None)))
    parts = [
        Gain(f"{part.group} = {part.name}", int(part.mask.sum()), _gain(reported, theirs.scores, part.mask))
        for part in reported.slices
        if tells_auc(table.labels[part.mask])
    ]
    gains = [whole, *sorted(parts, key=lambda gain: gain.auc.value)[:SHOWN]]
    seen = " It was trained on some of these rows, which flatters it." if theirs.has_seen_rows else ""
    reading = (
        f"Version {theirs.version} serves now.{seen} On the same test rows, below all of them the {SHOWN} slices "
        "with the least gain. Marked: surely worse, if it were the only slice looked at."
    )
    headings = ["rows", "count", "gain of AUC", "95 % interval"]
    worse = [gain.rows for gain in gains if gain.auc.high < 0]
    return Section("Against the serving version", [Rows(headings, [_row(gain) for gain in gains], reading, worse)])


def _gain(reported: Reported, theirs: Floats, rows: Mask | slice) -> Estimate:
    table = reported.table
    members = None if table.members is None else table.members[rows]
    return auc_difference(table.labels[rows], reported.scores[rows], theirs[rows], members)


def _row(gain: Gain) -> tuple[str, int, str, str]:
    estimate = gain.auc
    return gain.rows, gain.count, f"{estimate.value:+.4f}", f"{estimate.low:+.4f} to {estimate.high:+.4f}"
