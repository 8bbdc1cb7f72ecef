"""`paceline evaluate`: a published version on the days after it, or on any others."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.metrics import metrics_document, print_metrics
from cli.options import DAY_FORMATS, REPO, Models, Profile, Repo, World, to_day
from cli.output import AsJson, messages, print_json
from cli.quiet import importing_tensorflow
from cli.stages import shown_stages
from contract.profile import data_dir

if TYPE_CHECKING:
    from training.evaluate_version import Evaluation


def evaluate_command(
    version: Annotated[int | None, typer.Argument(help="The version.", show_default="the newest")] = None,
    *,
    repo: Repo = REPO,
    profile: Profile = "",
    world: World = None,
    models: Models = Path("models"),
    name: Annotated[str, typer.Option(help="The name of the model.")] = "ranking",
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=DAY_FORMATS, help="The first day.", show_default="the first of the version's test"
        ),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option(
            "--to", formats=DAY_FORMATS, help="The last day.", show_default="the last with rows that is over"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a published version against baselines and, in a simulated world, against the truth.

    Scores the rows of the days with the version's own serving_default.

    For example:

    paceline evaluate
    paceline evaluate 3 --from 2026-11-19 --to 2026-11-20 --json
    """
    with importing_tensorflow():
        from training.dataset import History
        from training.evaluate_version import evaluate_version, newest_version

    directory = models / name / str(version or newest_version(models / name))
    history = History(repo, profile, world or data_dir(repo) / "world")
    with shown_stages() as progress:
        evaluation = evaluate_version(directory, history, to_day(first), to_day(last), progress)
    _report(evaluation, as_json=as_json)


def _report(evaluation: "Evaluation", *, as_json: bool) -> None:
    manifest = evaluation.manifest
    share = evaluation.share_of_reachable_lift
    if as_json:
        print_json(
            {
                "model": manifest.model_name,
                "version": manifest.version,
                "from": evaluation.first,
                "to": evaluation.last,
                "row_count": evaluation.row_count,
                "metrics": metrics_document(evaluation.metrics),
                "share_of_reachable_lift": share,
            }
        )
        return
    days = f"{evaluation.first} to {evaluation.last}, {evaluation.row_count:,} rows"
    print_metrics(f"{manifest.model_name}, version {manifest.version}, {days}", evaluation.metrics)
    if share is not None:
        messages.print(f"{share:.1%} of the AUC above 0.5 that the true probabilities reach.", highlight=False)
