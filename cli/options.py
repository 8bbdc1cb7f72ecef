"""Options that several commands share."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

REPO = Path("feature_repo")
DAY_FORMATS = ["%Y-%m-%d"]

Repo = Annotated[Path, typer.Option(help="The folder of the feature repository.")]
Profile = Annotated[
    str, typer.Option(envvar="PACELINE_PROFILE", help="Use feature_store.<PROFILE>.yaml of the repository.")
]
Models = Annotated[Path, typer.Option(help="The folder of the published models.")]
World = Annotated[Path | None, typer.Option(help="The folder of the raw tables.", show_default="<data>/world")]


def to_day(moment: datetime | None) -> date | None:
    """Returns the day of an option that is given as one."""
    return moment.date() if moment else None
