"""`paceline models history`."""

from typing import Annotated

import typer

from cli.admin_options import AdminOptions, Model
from cli.models_events import action, event_document
from cli.option_groups import with_groups
from cli.output import AsJson, print_json, print_table, say
from paceline.v1.model_admin_service_pb2 import LABEL_ACTION_UNPIN, LabelEvent

HEADINGS = ("time (UTC)", "action", "label", "version", "from", "who", "why")


@with_groups
def history_command(
    *,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the latest, this many.", show_default="all")
    ] = None,
    model: Model = "ranking",
    server: AdminOptions,
    as_json: AsJson = False,
) -> None:
    """Show what was done to the labels of a model, by whom and why, the latest last.

    The history lies beside the versions of the model, so all of its servers have
    the same. A label that follows the newest version moves without an entry.

    For example:

    paceline models history
    paceline models history --limit 5 --json
    """
    with server.connected() as client:
        events = client.list_label_events(model).events
    latest = events[-limit:] if limit else events
    if as_json:
        print_json({"model": model, "events": [event_document(model, event) for event in latest]})
    elif latest:
        print_table(f"Labels of {model}", HEADINGS, [_row(event) for event in latest])
    else:
        say(f"Nothing was done to the labels of {model} yet.")


def _row(event: LabelEvent) -> list[object]:
    follows = event.action == LABEL_ACTION_UNPIN
    cells = (
        f"{event.event_time.ToDatetime():%Y-%m-%d %H:%M:%S}",
        action(event),
        event.label,
        "newest" if follows else event.version,
        event.previous_version,
        event.note.actor,
        event.note.reason,
    )
    return [cell or "-" for cell in cells]
