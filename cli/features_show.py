"""`paceline features show`: what the server sees of a member or a class."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import REPO, Profile, Repo
from cli.output import AsJson, print_json, print_table
from contract.unchecked import without_typeguard

if TYPE_CHECKING:
    from server.features.shown import ShownCell


def show_command(
    entity: Annotated[str, typer.Argument(help="The entity as it is defined, such as member.")],
    key: Annotated[str, typer.Argument(help="Which one, such as m000007.")],
    *,
    repo: Repo = REPO,
    profile: Profile = "",
    as_json: AsJson = False,
) -> None:
    """Show the features of a member or a class as a server sees them: values, ages, and which of them count.

    A value counts where the status is OK. It does not where there is no row
    (MISSING), where the row has none (NULL), and where it is older than its TTL
    (STALE): there the feature's tag on_missing says what is done.

    For example:

    paceline features show member m000007
    paceline features show class c00001 --json
    """
    with without_typeguard():
        from features.repository import open_store, views_of
        from features.store_errors import reported
        from server.features.shown import show
        from server.features.store import cell_reader

    store = open_store(repo, profile)
    views = views_of(store, entity)
    with reported(f"the {store.config.online_store.type} online store can't be read"):
        cells = show(cell_reader(store), views, key, time.time())
    if as_json:
        print_json({"cells": [_document(cell) for cell in cells]})
    else:
        _print(f"{entity} {key}", cells)


def _document(cell: "ShownCell") -> dict[str, object]:
    return {**asdict(cell), "status": cell.status.name}


def _print(title: str, cells: "Sequence[ShownCell]") -> None:
    for view, of_view in groupby(cells, key=lambda cell: cell.view):
        shown = list(of_view)
        rows = [(cell.feature, cell.status.name, _text(cell.value), cell.on_missing) for cell in shown]
        age, ttl = _duration(shown[0].age_seconds) or "no row", _ttl(shown[0])
        print_table(f"{title}, {view}: age {age}, TTL {ttl}", ("Feature", "Status", "Value", "On missing"), rows)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else str(timedelta(seconds=round(seconds)))


def _ttl(cell: "ShownCell") -> str:
    return _duration(cell.ttl_seconds) if cell.ttl_seconds else "none"
