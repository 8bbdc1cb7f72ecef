"""In a simulated world: how much of what can be known the model knows, and where it misses most."""

from sklearn.metrics import roc_auc_score

from training.evaluation import CHANCE
from training.report.page import Rows, Section, Text
from training.report.subject import Reported

SHOWN = 20
_FEWEST = 50
"""Slices with fewer positive or negative rows say too little."""


def oracle(reported: Reported) -> Section | None:
    """Returns the share of the reachable lift, overall and by slice; None where nobody knows the truth."""
    truth, table = reported.truth, reported.table
    if truth is None or not reported.is_binary:
        return None
    missed = []
    for part in reported.slices:
        labels = table.labels[part.mask]
        positives = int(labels.sum())
        if min(positives, len(labels) - positives) >= _FEWEST:
            ours, best = (float(roc_auc_score(labels, s[part.mask])) for s in (reported.scores, truth))
            missed.append(
                (f"{part.group} = {part.name}", len(labels), ours, best, _share(ours, best), best - ours)
            )
    missed.sort(key=lambda row: row[-1], reverse=True)
    ours, best = (float(roc_auc_score(table.labels, s)) for s in (reported.scores, truth))
    told = (
        f"The model's AUC on the test rows is {ours:.4f}, that of the true probabilities {best:.4f}: the model "
        f"reaches {_share(ours, best)} of the lift above {CHANCE} that can be reached at all."
    )
    headings = ["slice of the test rows", "rows", "AUC", "AUC of the truth", "share of the lift", "missing AUC"]
    return Section(
        "Against the truth", [Text(told), Rows(headings, missed[:SHOWN], "Where most is missing, first.")]
    )


def _share(ours: float, best: float) -> str:
    return f"{(ours - CHANCE) / (best - CHANCE):.1%}" if best > CHANCE else "none to reach"
