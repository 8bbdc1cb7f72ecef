"""`paceline tune`: the specification that a model is best with."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.model_flags import with_model_flags
from cli.options import REPO, to_day
from cli.output import AsJson, print_json, print_table, say
from cli.quiet import importing_tensorflow
from cli.stages import shown_stages
from cli.training_options import (
    Dataset,
    Label,
    Profile,
    Repo,
    Spec,
    TableFile,
    TrainUntil,
    Until,
    ValidateUntil,
    ValidationFile,
    World,
    all_or_none,
    read_flat_spec,
    read_ranking_spec,
)
from contract.profile import data_dir

if TYPE_CHECKING:
    from training.tuning.tune import Tuned

Out = Annotated[Path, typer.Option(help="The folder of the search.")]
Trials = Annotated[int, typer.Option(min=1, help="How many trials, those of earlier runs among them.")]
Timeout = Annotated[
    float | None,
    typer.Option(min=0, metavar="SECONDS", help="Begin no trial after so many seconds.", show_default="no limit"),
]
Crosses = Annotated[
    list[str] | None,
    typer.Option("--cross", metavar="A,B", help="Inputs to try crossing, beside the spec's crosses; may repeat."),
]


@with_model_flags
def tune_command(
    *,
    repo: Repo = REPO,
    profile: Profile = "",
    world: World = None,
    train_until: TrainUntil = None,
    validate_until: ValidateUntil = None,
    until: Until = None,
    dataset: Dataset = None,
    table: TableFile = None,
    validation: ValidationFile = None,
    label: Label = None,
    spec: Spec = None,
    out: Out = Path("tuning"),
    trials: Trials = 40,
    timeout: Timeout = None,
    cross: Crosses = None,
    as_json: AsJson = False,
    model_flags: Mapping[str, Any],
) -> None:
    """Search for the sizes, rates, dropout, L2 and crosses that a model is best with.

    Each trial trains a model and is judged by its AUC on the validation split; the
    days or rows of the test are never read. The first trial is the spec as it stands.
    Trials that fall behind are given up early.

    Writes best.toml, which is a spec for paceline train, trials.csv, and a picture of
    the search, search.svg. A search that was killed goes on where it was when the
    command is run again, and ends with the same trials.

    For example:

    paceline tune --trials 60 --timeout 3600
    paceline tune --cross member_country,class_language --json
    paceline train --spec tuning/best.toml
    """
    flat = all_or_none(table=table, validation=validation, label=label)
    with importing_tensorflow():
        from training.dataset import History
        from training.tuning.search import Limits
        from training.tuning.tune import Search, tune_flat, tune_ranking

    search = Search(out, Limits(trials, timeout), [tuple(names.split(",")) for names in cross or []])
    with shown_stages() as progress:
        if flat:
            flat_spec = read_flat_spec(spec, model_flags)
            tuned = tune_flat((flat["table"], flat["validation"]), flat["label"], flat_spec, search, progress)
        else:
            ranking_spec = read_ranking_spec(spec or repo / "training.toml", model_flags)
            ranking_spec = ranking_spec.with_split(to_day(train_until), to_day(validate_until))
            history = History(repo, profile, world or data_dir(repo) / "world", to_day(until), dataset)
            tuned = tune_ranking(history, ranking_spec, search, progress)
    _report(tuned, out, as_json=as_json)


def _report(tuned: "Tuned", out: Path, *, as_json: bool) -> None:
    best, first = tuned.best, tuned.trials[0]
    if as_json:
        document = {"trial": best.number, "validation_auc": best.auc, "parameters": best.parameters}
        spec_auc = first.auc if math.isfinite(first.auc) else None
        print_json({"directory": out, "trials": _counts(tuned), "spec_validation_auc": spec_auc, "best": document})
        return
    counts = ", ".join(f"{count} {state}" for state, count in _counts(tuned).items())
    rows = [("AUC on validation", _show(first.auc), _show(best.auc))]
    rows += [(name, _show(first.parameters[name]), _show(value)) for name, value in best.parameters.items()]
    headings = ["", "the spec", f"the best, trial {best.number}"]
    print_table(f"{len(tuned.trials)} trials: {counts}", headings, rows)
    say(f"Wrote {out / 'best.toml'}, {out / 'trials.csv'} and {out / 'search.svg'}.")


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _counts(tuned: "Tuned") -> dict[str, int]:
    states = [trial.state for trial in tuned.trials]
    return {state: states.count(state) for state in ("complete", "pruned", "failed") if state in states}
