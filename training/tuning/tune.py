"""The order of things in a search: rows, trials, and what is written of them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from contract.durable import write_whole
from training.dataset import History
from training.errors import SpecError, TuningError
from training.model.checks import check_crosses, check_inputs
from training.model.spec import BINARY, ModelSpec
from training.progress import Progress
from training.spec import FlatSpec, RankingSpec
from training.tuning.plot import draw_search
from training.tuning.results import Trial, best_trial, to_csv, to_trials
from training.tuning.rows import TuningRows, flat_rows, history_rows
from training.tuning.search import Limits, run_trials
from training.tuning.space import Cross, SearchSpace
from training.tuning.study import ended_trials, opened_study, space_digest

SPEC_FILE = "best.toml"
TRIALS_FILE = "trials.csv"
PLOT_FILE = "search.svg"


@dataclass(frozen=True, slots=True)
class Search:
    """What a search tries beside the specification, how long, and where its files are."""

    folder: Path
    limits: Limits
    crosses: Sequence[Cross] = ()


@dataclass(frozen=True, slots=True)
class Tuned:
    """The trials of a search, and the best of them."""

    trials: Sequence[Trial]
    best: Trial


def tune_ranking(history: History, spec: RankingSpec, search: Search, progress: Progress) -> Tuned:
    """Searches for the best specification of a ranking model on the history of a world.

    Writes `SPEC_FILE`, which `paceline train --spec` takes, `TRIALS_FILE` and `PLOT_FILE` into the folder of the
    search, which also remembers its trials: called again, it goes on where it was.

    Args:
        history: Where rows and features come from.
        spec: What to begin with.
        search: What is tried.
        progress: Hears of each step.

    Raises:
        ContractError: A tag of the feature service or of a feature is wrong.
        FeatureError: The feature repository can't be opened, or lacks the feature service.
        TrainingError: The specification or the rows are not fit, the folder is another search's, or no trial
            succeeded.
    """
    rows = history_rows(history, spec, progress)
    return _tune(rows, spec.model, search, lambda model: replace(spec, model=model).to_toml(), progress)


def tune_flat(files: tuple[Path, Path], label: str, spec: FlatSpec, search: Search, progress: Progress) -> Tuned:
    """Searches for the best specification of a model of flat tables, for training and for validation.

    See `tune_ranking`.
    """
    rows = flat_rows(*files, label, spec.inputs)
    return _tune(rows, spec.model, search, lambda model: replace(spec, model=model).to_toml(), progress)


def _tune(
    rows: TuningRows, spec: ModelSpec, search: Search, to_toml: Callable[[ModelSpec], str], progress: Progress
) -> Tuned:
    _check(rows, spec, search.crosses)
    space = SearchSpace(spec, search.crosses)
    identity = {
        "specification": hashlib.sha256(to_toml(spec).encode()).hexdigest(),
        "set of crosses or of ranges": space_digest(space.distributions),
        "set of rows": rows.digest(),
    }
    with opened_study(search.folder, identity) as study:
        run_trials(study, space, rows, seed=spec.seed, limits=search.limits, progress=progress)
        trials = to_trials(ended_trials(study))
        best = best_trial(trials)
        _write(search.folder, trials, to_toml(space.model(best.parameters)), space)
    return Tuned(trials, best)


def _check(rows: TuningRows, spec: ModelSpec, crosses: Sequence[Cross]) -> None:
    if crosses and not spec.wide:
        raise SpecError("--cross is given, which needs model.wide to be true")
    if spec.objective != BINARY:
        raise SpecError(f"model.objective is {spec.objective!r}, expected {BINARY!r}: a search goes by the AUC")
    check_inputs(rows.inputs)
    check_crosses(rows.inputs, replace(spec, crosses=(*spec.crosses, *crosses)))


def _write(folder: Path, trials: Sequence[Trial], best_toml: str, space: SearchSpace) -> None:
    try:
        write_whole(folder / SPEC_FILE, best_toml.encode())
        write_whole(folder / TRIALS_FILE, to_csv(trials).encode())
        write_whole(folder / PLOT_FILE, draw_search(trials, space.distributions))
    except OSError as error:
        raise TuningError(f"{folder}: the results can't be written: {error}") from error
