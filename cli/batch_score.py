"""`paceline batch-score`: every member's best classes, to Parquet and to the online store."""

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DAY_FORMATS, REPO, Models, Profile, Repo
from cli.output import AsJson, print_json, say
from cli.quiet import importing_tensorflow
from cli.stages import shown_stages
from contract.ranked_lists import default_folder


def batch_score_command(
    version: Annotated[int | None, typer.Argument(help="The version.", show_default="the one that serves")] = None,
    *,
    repo: Repo = REPO,
    profile: Profile = "",
    models: Models = Path("models"),
    name: Annotated[str, typer.Option(help="The name of the model.")] = "ranking",
    day: Annotated[
        datetime | None,
        typer.Option(
            formats=DAY_FORMATS,
            help="With what was known at the end of this day.",
            show_default="the last that was materialised",
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Classes for each member.")] = 100,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write.", show_default="<data>/recommendations")
    ] = None,
    online: Annotated[bool, typer.Option("--online", help="Write them to the online store too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rank the live classes for every member, and keep the best of them.

    Writes a Parquet file for each 10,000 members: their class ids and scores, best
    first, as the server would rank them at that moment without context. What is
    there of the same version, day and classes is kept, so a run that was ended goes
    on where it was. --online also writes them to the view that the feature service
    names in its tag recommendations_view.

    For example:

    paceline batch-score
    paceline batch-score 3 --day 2026-11-20 --top 20 --online --json
    """
    with importing_tensorflow():
        from training.batch_score.run import Target, batch_score
        from training.serving_version import required_serving_version

    version_dir = models / name / str(version or required_serving_version(models / name))
    folder = out or default_folder(repo)
    with shown_stages() as progress:
        target = Target(folder, _end(repo, day.date()) if day else None, top, online)
        scored = batch_score(repo, profile, version_dir, target, progress)
    if as_json:
        print_json({"directory": folder, "model": name, **asdict(scored)})
        return
    ranked = f"version {scored.version} ranked {scored.class_count:,} classes for {scored.member_count:,} members"
    new = f"{scored.scored_shard_count} of {scored.shard_count} files are new"
    say(f"{folder}: {ranked}, as known at {scored.moment.isoformat()}; {new}.")
    if scored.left_out_member_count or scored.left_out_class_count:
        left_out = f"{scored.left_out_member_count:,} members and {scored.left_out_class_count:,} classes"
        say(f"{left_out} are left out, as they lack a feature that may not be missing.")


def _end(repo: Path, day: date) -> datetime:
    from features.aggregates import repository_settings

    return repository_settings(repo).days.end(day)
