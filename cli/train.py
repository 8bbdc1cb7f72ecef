"""`paceline train`: from history, or from flat tables, to a published model."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.gate import refusals, say_passed, training_document
from cli.metrics import print_metrics
from cli.model_flags import with_model_flags
from cli.options import REPO, to_day
from cli.output import AsJson, print_json, say, warn
from cli.quiet import importing_tensorflow
from cli.stages import shown_stages
from cli.training_options import (
    Dataset,
    FromLog,
    Label,
    Profile,
    Repo,
    Spec,
    TableFile,
    TestFile,
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
from contract.served import FOLDER

if TYPE_CHECKING:
    from training.release import Published
    from training.source import RankingSource

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
    repo: Repo = REPO,
    profile: Profile = "",
    world: World = None,
    train_until: TrainUntil = None,
    validate_until: ValidateUntil = None,
    until: Until = None,
    dataset: Dataset = None,
    from_log: FromLog = False,
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
    joined with what was known at its time, and the rows are split by days. With
    --from-log: what was served, with the features that it was served with, and the
    labels of the repository's served_labels.sql. From
    flat tables: the three files are the splits, as Parquet or CSV.

    The version becomes visible in the folder of models as the last step, and a
    running server takes it up by itself. The same seed, data and machine make the
    same model, and a training that was killed goes on after its last whole epoch
    when it is started again. Keys of the spec's table "model" can be given as flags.

    The gate compares the model with baselines and with the version that serves now,
    on the newest day and on slices of it, and checks calibration, served scores,
    latency and size. If it refuses, nothing is published and the exit code is 3.
    Its limits are the spec's table "gate".

    For example:

    paceline train
    paceline train --train-until 2026-11-18 --validate-until 2026-11-19 --epochs 3
    paceline train --from-log
    paceline train --table train.csv --validation valid.csv --test test.csv --label clicked --json
    """
    forced_reason = _forced_reason(reason, force=force)
    flat = all_or_none(table=table, validation=validation, test=test, label=label)
    if from_log and (dataset or flat):
        other = "--table" if flat else "--dataset"
        raise typer.BadParameter(f"--from-log and {other} are both given, expected one of them")
    with importing_tensorflow():
        from training.dataset import History
        from training.flat import FlatFiles
        from training.model.checkpoint import Checkpoints
        from training.pipeline import train_flat, train_ranking
        from training.release import Target
        from training.served_dataset import ServedHistory

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
            data = data_dir(repo)
            source: RankingSource = History(repo, profile, world or data / "world", to_day(until), dataset)
            if from_log:
                source = ServedHistory(repo, profile, world or data / "world", data / FOLDER, to_day(until))
            published = train_ranking(source, target, ranking_spec, progress)
    _report(published, as_json=as_json)


def _forced_reason(reason: str | None, *, force: bool) -> str:
    """Returns why the gate is overridden, "" if it is not."""
    if force and not (reason or "").strip():
        raise typer.BadParameter("--force needs --reason")
    if reason and not force:
        raise typer.BadParameter("--reason is for --force only")
    return reason or ""


def _report(published: "Published", *, as_json: bool) -> None:
    manifest = published.manifest
    if as_json:
        where = {"version": manifest.version, "directory": published.directory}
        print_json(training_document(manifest, published=True) | where)
        return
    print_metrics(f"{manifest.model_name}, version {manifest.version}", manifest.metrics)
    for warning in published.warnings:
        warn(warning)
    say_passed(manifest.gate)
    say(f"Published {published.directory}; its report is {published.directory / 'report.html'}.")
