"""`paceline models config` and `paceline models reload`: which models are served."""

from pathlib import Path
from typing import Annotated

import typer

from cli.admin_options import AdminOptions
from cli.option_groups import with_groups
from cli.output import AsJson, print_json, print_lines, say
from paceline.v1 import model_admin_service_pb2 as pb

_PATIENT = AdminOptions(timeout=600.0)
_CHANGES = {
    pb.CHANGE_KIND_ADDED: "+ {} is added",
    pb.CHANGE_KIND_CHANGED: "~ {} is changed: its folder, versions or labels",
    pb.CHANGE_KIND_REMOVED: "- {} is removed",
}


@with_groups
def config_command(*, server: AdminOptions, as_json: AsJson = False) -> None:
    """Print which models the server serves, as text that `reload` reads.

    It is TensorFlow Serving's ModelServerConfig in protobuf's text format.

    For example:

    paceline models config
    paceline models config > models.config
    """
    with server.connected() as client:
        text = client.get_model_config().config_text
    if as_json:
        print_json({"config_text": text})
    else:
        print_lines(text.splitlines())


@with_groups
def reload_command(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The list.", show_default=False)
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    server: AdminOptions = _PATIENT,
    as_json: AsJson = False,
) -> None:
    """Serve the models that a file lists, and no others.

    The new ones are loaded first, which can take minutes: if one of them can't be
    served, nothing changes. The file is not watched, and the server does not keep
    it: it starts with what its --model-config-file says.

    + is added, - removed, ~ changed.

    For example:

    paceline models reload models.config --dry-run
    paceline models reload models.config
    """
    text = _read(file)
    with server.connected() as client:
        response = client.reload_model_config(text, validate_only=dry_run, timeout=server.timeout)
    if as_json:
        changes = [_document(change) for change in response.changes]
        print_json({"dry_run": dry_run, "changes": changes})
        return
    print_lines(
        [_CHANGES[change.kind].format(change.model_name) for change in response.changes] or ["No changes."]
    )
    if dry_run and response.changes:
        say("Nothing was changed: without --dry-run it would be.")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not text in UTF-8: {error.reason} at byte {error.start}") from None


def _document(change: pb.ModelChange) -> dict[str, str]:
    kind = pb.ChangeKind.Name(change.kind).removeprefix("CHANGE_KIND_")
    return {"model": change.model_name, "change": kind}
