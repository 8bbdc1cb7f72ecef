"""What the wide part has learned of combinations, in words."""

import math

from training.report.page import Rows, Section, Text
from training.report.subject import Reported

SHOWN = 15


def crosses(reported: Reported) -> Section | None:
    """Returns the combinations with the largest weights; None if nothing is crossed."""
    weights = reported.candidate.model.cross_weights()
    if not reported.candidate.spec.crosses or not reported.candidate.spec.wide:
        return None
    ordered = sorted(weights, key=lambda weight: abs(weight.weight), reverse=True)
    if not ordered:
        return Section(
            "Crosses", [Text("All weights of crosses are 0: none was needed, or model.wide_l1 is high.")]
        )
    rows = [(w.words, f"{w.weight:+.2f}", f"times {math.exp(w.weight):.2f}") for w in ordered[:SHOWN]]
    return Section(
        "Crosses",
        [
            Rows(
                ["combination", "weight", "odds"],
                rows,
                f"The strongest of {len(ordered):,} combinations with a weight. It is added to the logit, beside "
                "what each of the values adds by itself, and so multiplies the odds of a positive label.",
            )
        ],
    )
