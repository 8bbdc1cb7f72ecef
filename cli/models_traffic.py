"""The commands that give labels a part of the requests."""

import re
from typing import Annotated, NamedTuple

import typer

from cli.admin_options import AdminOptions, Model, NoteOptions
from cli.models_events import print_event
from cli.option_groups import with_groups
from cli.output import AsJson


class Weight(NamedTuple):
    """The weight of a label."""

    label: str
    weight: int


def _weight(text: str) -> Weight:
    label, _, weight = text.rpartition("=")
    if not label or not re.fullmatch("[0-9]{1,9}", weight):
        raise typer.BadParameter(f"{text!r} is not of the form LABEL=WEIGHT, such as canary=10")
    return Weight(label, int(weight))


@with_groups
def split_command(
    weights: Annotated[
        list[Weight] | None,
        typer.Argument(parser=_weight, metavar="LABEL=WEIGHT", help="The weight of each label, 0 to 10000."),
    ] = None,
    *,
    model: Model = "ranking",
    note: NoteOptions,
    server: AdminOptions,
    as_json: AsJson = False,
) -> None:
    """Split the members between labels; without arguments, give all of them to stable.

    A member's id decides, so members stay with a label for as long as the weights
    do, and most of them stay when these change. Each label has to exist.

    For example:

    paceline models split stable=90 canary=10
    paceline models split
    """
    shares = dict(weights or ())
    if len(shares) < len(weights or ()):
        raise typer.BadParameter("a label has two weights, expected one for each")
    with server.connected() as client:
        event = client.split_traffic(model, shares, **note.note()).event
    print_event(model, event, as_json=as_json)


@with_groups
def shadow_command(
    label: Annotated[str, typer.Argument(help="The label.", show_default=False)],
    share: Annotated[
        float, typer.Argument(min=0, max=1, help="The share of the requests; 0 ends it.", show_default=False)
    ],
    *,
    model: Model = "ranking",
    note: NoteOptions,
    server: AdminOptions,
    as_json: AsJson = False,
) -> None:
    """Have a label score a share of the requests besides the label that answers them.

    Nobody waits for these scores. How they differ from those that were answered
    shows in the server's metrics.

    For example:

    paceline models shadow next 0.05
    paceline models shadow next 0
    """
    with server.connected() as client:
        event = client.shadow_label(model, label, share, **note.note()).event
    print_event(model, event, as_json=as_json)
