"""`paceline train`: from history, or from flat tables, to a published model."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.gate import refusals, say_passed, training_document
from cli.metrics import print_metrics
from cli.model_flags import with_model_flags
from cli.output import AsJson, print_json, say
from cli.quiet import importing_tensorflow
from cli.stages import shown_stages
from contract.profile import data_dir
from training.spec import FlatSpec, RankingSpec, parse_flat_spec, parse_ranking_spec, read_spec_file

if TYPE_CHECKING:
    from training.pipeline import Published

_HISTORY = "From the history of a world"
_FLAT = "From flat tables, without a feature store"

Repo = Annotated[Path, typer.Option(help="The folder of the feature repository.", rich_help_panel=_HISTORY)]
Profile = Annotated[
    str,
    typer.Option(
        envvar="PACELINE_PROFILE",
        help="Use feature_store.<PROFILE>.yaml of the repository.",
        rich_help_panel=_HISTORY,
    ),
]
World = Annotated[
    Path | None,
    typer.Option(help="The folder of the raw tables.", show_default="<data>/world", rich_help_panel=_HISTORY),
]
TrainUntil = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="The last day to train on.",
        show_default="the day before the validation's",
        rich_help_panel=_HISTORY,
    ),
]
ValidateUntil = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="The last day to validate on; all later ones are for the test.",
        show_default="the last but one",
        rich_help_panel=_HISTORY,
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="The last day to know of.",
        show_default="the last with rows",
        rich_help_panel=_HISTORY,
    ),
]
Dataset = Annotated[
    Path | None,
    typer.Option(
        help="A folder of `paceline dataset`; days that it lacks are added.",
        show_default="none: days are joined and not kept",
        rich_help_panel=_HISTORY,
    ),
]
TableFile = Annotated[Path | None, typer.Option(help="Rows to train on, Parquet or CSV.", rich_help_panel=_FLAT)]
ValidationFile = Annotated[
    Path | None, typer.Option(help="Rows to choose the best epoch by.", rich_help_panel=_FLAT)
]
TestFile = Annotated[Path | None, typer.Option(help="Rows for the test.", rich_help_panel=_FLAT)]
Label = Annotated[str | None, typer.Option(help="The column to predict, 0 or 1.", rich_help_panel=_FLAT)]
Spec = Annotated[
    Path | None,
    typer.Option(help="What to train, as TOML.", show_default="<repo>/training.toml; none for flat tables"),
]
Out = Annotated[Path, typer.Option(help="The folder of the published models.")]
Name = Annotated[
    str | None, typer.Option(help="The name of the model.", show_default="ranking, or the label of flat tables")
]
Force = Annotated[bool, typer.Option("--force", help="Publish whatever the gate says; needs --reason.")]
Reason = Annotated[
    str | None, typer.Option(help="Why --force is right; kept in the manifest.", show_default="none")
]


@with_model_flags
def train_command(
    *,
    repo: Repo = Path("feature_repo"),
    profile: Profile = "",
    world: World = None,
    train_until: TrainUntil = None,
    validate_until: ValidateUntil = None,
    until: Until = None,
    dataset: Dataset = None,
    table: TableFile = None,
    validation: ValidationFile = None,
    test: TestFile = None,
    label: Label = None,
    spec: Spec = None,
    out: Out = Path("models"),
    name: Name = None,
    force: Force = False,
    reason: Reason = None,
    as_json: AsJson = False,
    model_flags: Mapping[str, Any],
) -> None:
    """Train a model, measure it, and publish it if it passes the gate.

    From the history of a world: each row of the repository's training_rows.sql is
    joined with what was known at its time, and the rows are split by days. From
    flat tables: the three files are the splits, as Parquet or CSV.

    The version becomes visible in the folder of models as the last step, and a
    running server takes it up by itself. The same seed, data and machine make the
    same model. A training that was killed goes on after its last whole epoch when
    the same command is given again. Keys of the spec's table "model" can be given as flags.

    The gate compares the model with baselines and with the version that serves now,
    on the newest day and on slices of it, and checks calibration, served scores,
    latency and size. If it refuses, nothing is published and the exit code is 3.
    Its limits are the spec's table "gate".

    For example:

    paceline train
    paceline train --train-until 2026-11-18 --validate-until 2026-11-19 --epochs 3
    paceline train --table train.csv --validation valid.csv --test test.csv --label clicked --json
    """
    forced_reason = _forced_reason(reason, force=force)
    flat = all_or_none(table=table, validation=validation, test=test, label=label)
    with importing_tensorflow():
        from training.dataset import History
        from training.flat import FlatFiles
        from training.model.checkpoint import Checkpoints
        from training.pipeline import Target, train_flat, train_ranking

    name = name or flat.get("label", "ranking")
    with (
        refusals(out / name / "refused" / "report.html", as_json=as_json),
        shown_stages() as progress,
        Checkpoints(out / name, say) as checkpoints,
    ):
        target = Target(out, name, forced_reason, checkpoints)
        if flat:
            files = FlatFiles(flat["table"], flat["validation"], flat["test"])
            published = train_flat(files, flat["label"], target, read_flat_spec(spec, model_flags), progress)
        else:
            ranking_spec = read_ranking_spec(spec or repo / "training.toml", model_flags)
            ranking_spec = ranking_spec.with_split(to_day(train_until), to_day(validate_until))
            history = History(repo, profile, world or data_dir(repo) / "world", to_day(until), dataset)
            published = train_ranking(history, target, ranking_spec, progress)
    _report(published, as_json=as_json)


def _forced_reason(reason: str | None, *, force: bool) -> str:
    """Returns why the gate is overridden, "" if it is not."""
    if force and not (reason or "").strip():
        raise typer.BadParameter("--force needs --reason")
    if reason and not force:
        raise typer.BadParameter("--reason is for --force only")
    return reason or ""


def all_or_none(**flags: Any) -> dict[str, Any]:
    """Returns the flags of a flat table, nothing where none is given."""
    missing = [f"--{flag}" for flag, value in flags.items() if value is None]
    if missing and len(missing) < len(flags):
        raise typer.BadParameter(f"flat tables need {', '.join(missing)} too")
    return {} if missing else flags


def read_flat_spec(path: Path | None, model_flags: Mapping[str, Any]) -> FlatSpec:
    """Returns the specification of a file, the default one without a file, with the flags in place of its keys."""
    return parse_flat_spec(read_spec_file(path) if path else "", str(path), model_flags)


def read_ranking_spec(path: Path, model_flags: Mapping[str, Any]) -> RankingSpec:
    """Returns the specification of a file, with the flags in place of its keys."""
    return parse_ranking_spec(read_spec_file(path), str(path), model_flags)


def to_day(moment: datetime | None) -> date | None:
    """Returns the day of an option that is given as one."""
    return moment.date() if moment else None


def _report(published: "Published", *, as_json: bool) -> None:
    manifest = published.manifest
    if as_json:
        where = {"version": manifest.version, "directory": published.directory}
        print_json(training_document(manifest, published=True) | where)
        return
    print_metrics(f"{manifest.model_name}, version {manifest.version}", manifest.metrics)
    say_passed(manifest.gate)
    say(f"Published {published.directory}; its report is {published.directory / 'report.html'}.")
