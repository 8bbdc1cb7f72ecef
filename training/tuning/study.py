"""The memory of a search: an Optuna study in a SQLite file, which a killed search leaves as it was."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.pruners import MedianPruner
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from training.errors import TuningError
from training.exclusive import only_writer

FILE = "search.db"
REASON = "reason"
"""The attribute of a failed trial that says why it failed; one that was cut off has none."""
_NAME = "search"
_BEGINNING_TRIALS = 5
"""How many trials run to their end before any is given up early."""


@contextmanager
def opened_study(folder: Path, identity: Mapping[str, str]) -> Iterator[optuna.Study]:
    """Yields the study of a folder, new or as far as it came, with the trials that were cut off marked as failed.

    Args:
        folder: Its folder, which is made if it is not there.
        identity: What has to be the same for a search to go on: a text for each thing, by its name.

    Raises:
        DataError: Another search runs in the folder, or it can't be made.
        TuningError: The folder belongs to another search, or the search can't be read or written.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with only_writer(folder):
            study = _open(folder / FILE)
            _identify(folder, study, identity)
            for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                study.tell(trial.number, state=TrialState.FAIL)
            yield study
    except (OSError, SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        raise TuningError(f"{folder}: the search can't be read or written: {error}") from error


def ended_trials(study: optuna.Study) -> list[FrozenTrial]:
    """Returns the trials that came to an end, in order; those that were cut off are left out."""
    trials = study.get_trials(deepcopy=False)
    return [t for t in trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED) or REASON in t.user_attrs]


def space_digest(distributions: Mapping[str, BaseDistribution]) -> str:
    """Returns a SHA-256 of what a search tries, in hexadecimal."""
    lines = [f"{name} {distribution_to_json(searched)}\n" for name, searched in distributions.items()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _open(path: Path) -> optuna.Study:
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    pruner = MedianPruner(n_startup_trials=_BEGINNING_TRIALS)
    return optuna.create_study(
        storage=storage, study_name=_NAME, direction="maximize", pruner=pruner, load_if_exists=True
    )


def _identify(folder: Path, study: optuna.Study, identity: Mapping[str, str]) -> None:
    found = json.loads(study.user_attrs.get("identity", "null"))
    if found is None:
        study.set_user_attr("identity", json.dumps(identity))
        return
    for what, value in identity.items():
        if found.get(what) != value:
            raise TuningError(f"{folder} holds a search with another {what}, expected the same or an empty folder")
