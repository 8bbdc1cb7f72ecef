"""`paceline simulate`: a world of members and classes whose true probabilities are known."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.output import AsJson, print_json, print_table
from cli.stages import shown_stages
from contract.profile import data_dir

Out = Annotated[
    Path | None, typer.Option(help="The folder to write; a world in it is replaced.", show_default="<data>/world")
]
LastDay = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The last day of history (UTC).", show_default="yesterday"),
]


def simulate_command(
    *,
    out: Out = None,
    members: Annotated[int, typer.Option(min=1, help="Members who ever join.")] = 3_000,
    classes: Annotated[int, typer.Option(min=1, help="Classes that ever air.")] = 500,
    days: Annotated[int, typer.Option(min=1, help="Days of history.")] = 60,
    events_per_day: Annotated[int, typer.Option(min=1, help="Impressions on each day.")] = 16_667,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds, sizes and last days make equal bytes.")] = 1,
    last_day: LastDay = None,
    as_json: AsJson = False,
) -> None:
    """Simulate members, classes and what they do, as Parquet.

    Writes a folder for each table; those of events hold a file for each day, and
    `truth` holds the probability with which each impression was started. A world
    that is there already is replaced once the new one is complete.

    For example:

    paceline simulate
    paceline simulate --members 500 --classes 100 --days 14 --events-per-day 2000 --out data/world
    """
    from training.simulation.simulator import simulate
    from training.simulation.spec import WorldSpec, yesterday

    spec = WorldSpec(
        member_count=members,
        class_count=classes,
        day_count=days,
        events_per_day=events_per_day,
        seed=seed,
        last_day=last_day.date() if last_day else yesterday(),
    )
    folder = out or data_dir(Path("feature_repo")) / "world"
    with shown_stages() as progress:
        row_counts = simulate(spec, folder, progress)
    if as_json:
        print_json({"directory": folder, **spec.document(), "rows": row_counts})
    else:
        print_table(f"{folder}, {spec.first_day} to {spec.last_day}", ("table", "rows"), list(row_counts.items()))
