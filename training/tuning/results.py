"""What a search found."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from training.errors import TuningError
from training.tuning.study import REASON

_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that came to an end.

    Attributes:
        number: Which it was, from 1; the first is the specification as it stood.
        state: "complete", "pruned" (given up early) or "failed".
        auc: Of the validation split in its best epoch; NaN if it failed before its first.
        epochs: How many it took.
        seconds: How long they took.
        parameters: What it tried.
        reason: Why it failed, else empty.
    """

    number: int
    state: str
    auc: float
    epochs: int
    seconds: float
    parameters: Mapping[str, Any]
    reason: str = ""


def to_trials(ended: Sequence[FrozenTrial]) -> list[Trial]:
    """Returns the trials of a study."""
    return [_trial(number, trial) for number, trial in enumerate(ended, start=1)]


def best_trial(trials: Sequence[Trial]) -> Trial:
    """Returns the complete trial with the highest AUC, the first of equal ones.

    Raises:
        TuningError: No trial is complete.
    """
    complete = [trial for trial in trials if trial.state == "complete"]
    if not complete:
        reason = next((trial.reason for trial in trials if trial.reason), "the time was up before the first ended")
        raise TuningError(f"no trial of {len(trials)} succeeded: {reason}")
    return max(complete, key=lambda trial: trial.auc)


def to_csv(trials: Sequence[Trial]) -> str:
    """Returns a row for each trial, with a column for each parameter."""
    names = list(trials[0].parameters)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["trial", "state", "validation_auc", "epochs", "seconds", *names, "reason"])
    for t in trials:
        values = [t.parameters[name] for name in names]
        writer.writerow([t.number, t.state, f"{t.auc:.6f}", t.epochs, f"{t.seconds:.1f}", *values, t.reason])
    return out.getvalue()


def _trial(number: int, trial: FrozenTrial) -> Trial:
    aucs = trial.intermediate_values.values()
    return Trial(
        number=number,
        state=_STATES[trial.state],
        auc=max(aucs, default=math.nan),
        epochs=len(aucs),
        seconds=trial.duration.total_seconds() if trial.duration else 0.0,
        parameters=trial.params,
        reason=trial.user_attrs.get(REASON, ""),
    )
