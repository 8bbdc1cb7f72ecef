"""The trials of a search, one after the other."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import keras
import optuna
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from training.errors import TrainingError
from training.model.fit import fit
from training.progress import Progress
from training.tuning.rows import TuningRows
from training.tuning.space import SearchSpace
from training.tuning.study import REASON, ended_trials

VALUE = "validation_auc"
"""What a trial is judged by: the figure of its best epoch."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a search ends: at so many trials, those of earlier runs among them, or after so many seconds."""

    trials: int
    seconds: float | None = None


def run_trials(
    study: optuna.Study, space: SearchSpace, rows: TuningRows, *, seed: int, limits: Limits, progress: Progress
) -> None:
    """Runs trials until a limit is reached; a trial that has begun is not cut off by the time.

    Parameters come from a Tree-structured Parzen Estimator (Bergstra et al., NeurIPS 2011), seeded by how many
    trials ended before, so a search that was killed goes on as if it had not been. A trial whose best epoch so far
    is below the median of the earlier trials' at the same epoch is given up.

    Args:
        study: Where trials are kept.
        space: What is tried.
        rows: What each trial is fitted to and judged by.
        seed: Of the parameters that are drawn.
        limits: When to end.
        progress: Hears of the trials, and of the epochs of each.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # else it warns of one graph for each trial
    begin = time.monotonic()
    done = len(ended_trials(study))
    progress("tuning", min(done, limits.trials), limits.trials)
    while done < limits.trials and (limits.seconds is None or time.monotonic() - begin < limits.seconds):
        study.sampler = TPESampler(seed=seed + done)
        if done == 0 and not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            study.enqueue_trial(space.first)
        _run(study, study.ask(space.distributions), space, rows, progress)
        done += 1
        progress("tuning", done, limits.trials)


def _run(
    study: optuna.Study, trial: optuna.Trial, space: SearchSpace, rows: TuningRows, progress: Progress
) -> None:
    def on_epoch(epoch: int, epochs: int, figures: Mapping[str, float]) -> None:
        progress("epochs of a trial", epoch, epochs)
        trial.report(figures[VALUE], epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    spec = replace(space.model(trial.params), ensemble_size=1)  # what is best for one is for several
    try:
        model = fit(rows.inputs, rows.train, rows.validation, spec, on_epoch)
    except optuna.TrialPruned:
        study.tell(trial, state=TrialState.PRUNED)
    except TrainingError as error:
        trial.set_user_attr(REASON, str(error))
        study.tell(trial, state=TrialState.FAIL)
    else:
        study.tell(trial, max(figures[VALUE] for figures in model.history))
    finally:
        keras.utils.clear_session()
