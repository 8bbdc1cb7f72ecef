"""What `paceline train` and `paceline tune` are told: rows of a world or of flat tables, and a specification."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import DAY_FORMATS
from training.spec import FlatSpec, RankingSpec, parse_flat_spec, parse_ranking_spec, read_spec_file

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
        formats=DAY_FORMATS,
        help="The last day to train on.",
        show_default="the day before the validation's",
        rich_help_panel=_HISTORY,
    ),
]
ValidateUntil = Annotated[
    datetime | None,
    typer.Option(
        formats=DAY_FORMATS,
        help="The last day to validate on; all later ones are for the test.",
        show_default="the last but one",
        rich_help_panel=_HISTORY,
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(
        formats=DAY_FORMATS,
        help="The last day to know of.",
        show_default="the last with rows that is over",
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
FromLog = Annotated[
    bool,
    typer.Option(
        "--from-log",
        help="Train on what `paceline serve --log-served` kept, in <data>/served.",
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
