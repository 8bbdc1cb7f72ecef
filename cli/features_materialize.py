"""`paceline features materialize` and `status`: what the online store holds."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import REPO, Profile, Repo
from cli.output import AsJson, messages, print_json, print_table, progress, say
from contract.profile import data_dir
from contract.unchecked import without_typeguard

if TYPE_CHECKING:
    from features.status import ViewStatus

STALE, BUSY = 3, 4
"""The exit codes where values of a view no longer count, and where another run is under way."""


def materialize_command(  # noqa: PLR0917 - Typer passes options by name
    repo: Repo = REPO,
    profile: Profile = "",
    world: Annotated[
        Path | None, typer.Option(help="The folder of the raw tables. [default: <data>/world]")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day. [default: that of the last event]")
    ] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Compute again the days that are there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compute the missing days of features, write them to the online store, and list the live classes.

    A day is computed from what happened before its end and kept; it is computed
    again when its query or schema has changed, or with --rebuild. The online store
    is never moved backwards. A running server takes up the new catalogue by itself.

    A run that was killed goes on when it is started again. Exits with 0 when the
    online store is up to date, with 1 on an error, and with 4, having done nothing,
    while another run is under way.

    For example:

    paceline features materialize
    paceline features materialize --until 2026-11-20
    """
    with without_typeguard():
        from features.errors import BusyError
        from features.materialize import materialize
        from features.repository import open_store

    folder = world or data_dir(repo) / "world"
    last_day = until.date() if until else None
    store = open_store(repo, profile)
    with progress() as display:
        task = display.add_task("Reading", total=None)

        def advance(what: str, done: int, total: int) -> None:
            display.update(task, description=what, completed=done, total=total)

        try:
            done = materialize(
                repo, store, folder, until=last_day, rebuild=rebuild, now=datetime.now(UTC), progress=advance
            )
        except BusyError as error:
            say(str(error))
            raise typer.Exit(BUSY) from None
    if as_json:
        print_json(asdict(done))
        return
    messages.print(f"Computed {done.built_count} files of rows; the online store shows {done.end.isoformat()}.")
    for catalogue in done.catalogues:
        messages.print(f"{catalogue.view}: {catalogue.class_count} classes, generation {catalogue.generation}.")


def status_command(repo: Repo = REPO, profile: Profile = "", as_json: AsJson = False) -> None:
    """Show until when each view is materialised, and whether its values still count.

    Exits with 3 if a view was never materialised, or so long ago that by its TTL none
    of its values counts, so that a scheduler can tell.

    For example:

    paceline features status
    """
    with without_typeguard():
        from features.repository import open_store
        from features.status import view_statuses

    statuses = view_statuses(open_store(repo, profile), datetime.now(UTC))
    if as_json:
        print_json({"views": [{**asdict(status), "is_stale": status.is_stale} for status in statuses]})
    else:
        print_table("Online store", ("View", "Until", "Lag", "TTL", ""), [_row(status) for status in statuses])
    raise typer.Exit(STALE if any(status.is_stale for status in statuses) else 0)


def _row(status: "ViewStatus") -> tuple[str, ...]:
    until = status.until.isoformat(timespec="seconds") if status.until else "never"
    lag = str(status.lag).partition(".")[0] if status.lag else ""
    return status.view, until, lag, str(status.ttl or "none"), "stale" if status.is_stale else ""
