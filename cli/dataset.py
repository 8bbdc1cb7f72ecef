"""`paceline dataset`: the training rows of every day with what was known of them, as Parquet."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import DAY_FORMATS, REPO, Profile, Repo, World, to_day
from cli.output import AsJson, print_json, say
from cli.stages import shown_stages
from contract.profile import data_dir
from training.progress import stage
from training.spec import parse_ranking_spec, read_spec_file

if TYPE_CHECKING:
    from training.joins.day import Engine


class EngineName(StrEnum):
    """What joins."""

    DUCKDB = "duckdb"
    SPARK = "spark"


def dataset_command(
    *,
    repo: Repo = REPO,
    profile: Profile = "",
    world: World = None,
    spec: Annotated[
        Path | None, typer.Option(help="What is to be trained, as TOML.", show_default="<repo>/training.toml")
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=DAY_FORMATS, help="The first day.", show_default="the first"),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option(
            "--to", formats=DAY_FORMATS, help="The last day.", show_default="the last with rows that is over"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write.", show_default="<data>/dataset")] = None,
    engine: Annotated[
        EngineName, typer.Option(help="Join on this machine, or where Spark's own settings say.")
    ] = EngineName.DUCKDB,
    as_json: AsJson = False,
) -> None:
    """Join the training rows with what was known at their time, and keep them.

    Writes a folder of Parquet files for each day, which `paceline train --dataset`
    reads. A day that is there is kept unless its rows, the definitions or the files
    of its features have changed, so a run that was ended goes on where it was. The
    memory that is needed depends on the largest day, not on how many there are.

    For example:

    paceline dataset
    paceline dataset --from 2026-11-01 --to 2026-11-20 --engine spark --json
    """
    from training.dataset import History, RankingDataset

    history = History(repo, profile, world or data_dir(repo) / "world")
    path, folder = spec or repo / "training.toml", out or data_dir(repo) / "dataset"
    with shown_stages() as progress:
        with stage(progress, "reading rows"):
            dataset = RankingDataset(history, parse_ranking_spec(read_spec_file(path), str(path), {}))
        known_first, known_last = dataset.day_range()
        days = (to_day(first) or known_first, to_day(last) or known_last)
        built = dataset.build(folder, _engine(engine), *days, progress)
    row_count = dataset.rows.count(*days)
    document = {
        "directory": folder,
        "from": days[0],
        "to": days[1],
        "joined_day_count": built,
        "row_count": row_count,
    }
    if as_json:
        print_json(document)
    else:
        say(f"{folder}: {row_count:,} rows from {days[0]} to {days[1]}; {built} days were joined.")


def _engine(name: EngineName) -> "Engine":
    if name is EngineName.SPARK:
        from training.joins.on_spark import start_spark

        return start_spark()
    from training.joins.on_duckdb import DuckDBEngine

    return DuckDBEngine()
