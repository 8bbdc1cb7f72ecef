"""The commands that move labels."""

from typing import Annotated

import typer

from cli.admin_options import AdminOptions, Model, NoteOptions
from cli.models_events import print_event
from cli.option_groups import with_groups
from cli.output import AsJson
from paceline import AdminClient, ErrorReason, FailedPrecondition, PacelineClient, PacelineError
from paceline.v1.model_admin_service_pb2 import LabelEvent

Label = Annotated[str, typer.Option(help="The label.")]


@with_groups
def promote_command(
    version: Annotated[int, typer.Argument(min=1, help="The version.", show_default=False)],
    *,
    label: Label = "stable",
    load: Annotated[bool, typer.Option("--load", help="Also if it is not loaded: load it first.")] = False,
    model: Model = "ranking",
    note: NoteOptions,
    server: AdminOptions,
    as_json: AsJson = False,
) -> None:
    """Put a label on a version and pin it there, so that newer versions don't move it.

    The version has to be loaded, so the label moves at once. With --load it may
    be any that is published: the label moves once the version is loaded, and
    stays where it is until then. A label that does not exist is made by this.

    For example:

    paceline models promote 5 -m "better on new members"
    paceline models promote 5 --label canary
    paceline models promote 3 --load
    """
    with server.connected() as client:
        event = _promote(client, model, version, label, note, load=load)
    print_event(model, event, is_pending=load and _is_pending(server, model, event), as_json=as_json)


@with_groups
def rollback_command(
    *,
    label: Label = "stable",
    model: Model = "ranking",
    note: NoteOptions,
    server: AdminOptions,
    as_json: AsJson = False,
) -> None:
    """Put a label back on the version that it was on before, and pin it there.

    No label follows the version that it leaves any more, until that is promoted.
    The version before stays loaded for ten minutes, unless the server is told
    otherwise: until then the label moves at once, later once it is loaded again.

    For example:

    paceline models rollback -m "complaints about short classes"
    paceline models rollback --label canary
    """
    with server.connected() as client:
        event = client.roll_back_label(model, label, **note.note()).event
    print_event(model, event, is_pending=_is_pending(server, model, event), as_json=as_json)


@with_groups
def pin_command(
    *,
    label: Label = "stable",
    model: Model = "ranking",
    note: NoteOptions,
    server: AdminOptions,
    as_json: AsJson = False,
) -> None:
    """Keep a label on the version that it is on, so that newer ones don't move it.

    For example:

    paceline models pin -m "no changes over the holidays"
    """
    with server.connected() as client:
        event = client.pin_label(model, label, **note.note()).event
    print_event(model, event, as_json=as_json)


@with_groups
def unpin_command(
    *,
    label: Label = "stable",
    model: Model = "ranking",
    note: NoteOptions,
    server: AdminOptions,
    as_json: AsJson = False,
) -> None:
    """Have a label follow the newest version again.

    It moves to the newest version that is loaded, and to each newer one, but not
    to one that was rolled back. A label that does not exist is made by this.

    For example:

    paceline models unpin
    paceline models unpin --label next
    """
    with server.connected() as client:
        event = client.unpin_label(model, label, **note.note()).event
    print_event(model, event, as_json=as_json)


def _promote(
    client: AdminClient, model: str, version: int, label: str, note: NoteOptions, *, load: bool
) -> LabelEvent:
    try:
        return client.promote_version(model, version, label, allow_unloaded=load, **note.note()).event
    except FailedPrecondition as error:
        if load or error.reason != ErrorReason.ERROR_REASON_VERSION_NOT_LOADED:
            raise
        advice = "--load has it loaded first, unless it was refused"
        raise FailedPrecondition(f"{error}; {advice}", reason=error.reason) from error


def _is_pending(server: AdminOptions, model: str, event: LabelEvent) -> bool:
    """Whether a label is not known to be on the version that it was pinned to."""
    with PacelineClient(server.admin_address, tls=server.tls, timeout=server.timeout) as client:
        try:
            labels = client.get_model_status(model).labels
        except PacelineError:
            return True
    return not any(status.label == event.label and status.version == event.version for status in labels)
