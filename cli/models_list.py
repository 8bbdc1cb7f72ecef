"""`paceline models list`: what is published, and what became of it in a running server."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.connection import Address, Timeout, TlsCa, TlsCert, TlsKey, tls_options
from cli.models_labels import Key, label_document, labels_by_version, unanswered
from cli.output import AsJson, print_json, print_lines, print_table, say, warn
from contract.errors import ManifestError
from contract.manifest import read_manifest
from contract.stubs.manifest_pb2 import Manifest
from contract.versions import published_versions
from paceline import PacelineClient, TlsOptions, Unavailable
from paceline.v1.model_service_pb2 import (
    GetModelStatusResponse,
    ModelVersionStatus,
    RefusalReason,
    VersionState,
)

HEADINGS = ("model", "version", "published", "test AUC", "labels", "state", "runtime")
Row = Mapping[str, object]
"""What is known of a version, for JSON."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version on disk."""

    create_time: datetime | None = None
    test_auc: float | None = None
    fault: str = ""
    """What is wrong with its manifest."""


def list_command(
    *,
    folder: Annotated[Path, typer.Option("--models", help="The folder of the models.")] = Path("models"),
    address: Address = "127.0.0.1:8500",
    timeout: Timeout = 1.0,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    as_json: AsJson = False,
) -> None:
    """List versions, newest first: their labels and states in the running server, and why one was refused.

    Without a server it lists what is published. Beside a label is its share of
    the members if they are split between labels, and whether it is pinned: others
    follow the newest version.

    For example:

    paceline models list
    paceline models list --address 127.0.0.1:8500 --json
    """
    found = _status(address, timeout, tls_options(tls_ca, tls_cert, tls_key))
    if found is None:
        say(f"No server answers at {address}: the states are not known.")
    status = found or GetModelStatusResponse()
    rows = _rows(dict(_published(folder)), status)
    _warn(status)
    if as_json:
        print_json({"server_is_reachable": found is not None, "versions": list(rows.values()), **_labels(status)})
    else:
        labels = labels_by_version(status.labels)
        print_table("Versions", HEADINGS, [_cells(row, labels.get(key)) for key, row in rows.items()])
        print_lines([_trouble(row) for row in rows.values() if row["message"]])


def _rows(published: Mapping[Key, Published], status: GetModelStatusResponse) -> Mapping[Key, Row]:
    """Returns what is known of each version, by model and from the newest."""
    states = {(found.model_version.name, found.model_version.version): found for found in status.versions}
    keys = sorted(published.keys() | states.keys(), key=lambda key: (key[0], -key[1]))
    return {key: _row(key, published.get(key), states.get(key)) for key in keys}


def _labels(status: GetModelStatusResponse) -> Mapping[str, object]:
    return {
        "labels": [label_document(label) for label in status.labels],
        "problems": [{"model": found.model_name, "message": found.message} for found in status.problems],
    }


def _cells(row: Row, labels: str | None) -> list[object]:
    """Returns the cells of a row for people: times to the minute."""
    published = row["create_time"] and str(row["create_time"])[:16].replace("T", " ")
    cells = (row["model"], row["version"], published, row["test_auc"], labels, row["state"], row["runtime"])
    return ["-" if cell is None else cell for cell in cells]


def _trouble(row: Row) -> str:
    """Returns why a version was refused, or is tried again."""
    refused = f"refused, {row['refusal_reason']}: " if row["refusal_reason"] else ""
    return f"version {row['version']} of {row['model']}: {refused}{row['message']}"


def _published(folder: Path) -> Iterator[tuple[Key, Published]]:
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    for name in names:
        for version in published_versions(folder / name):
            yield (name, version), _describe(folder / name / str(version))


def _describe(version_dir: Path) -> Published:
    try:
        manifest = read_manifest(version_dir)
    except ManifestError as error:
        return Published(fault=str(error))
    created = manifest.create_time.ToDatetime(UTC) if manifest.HasField("create_time") else None
    return Published(created, _test_auc(manifest))


def _test_auc(manifest: Manifest) -> float | None:
    wanted = ("auc", "model", "test")
    found = (m.value for m in manifest.metrics if (m.name, m.subject, m.split) == wanted)
    return next(found, None)


def _status(address: str, timeout: float, tls: TlsOptions | None) -> GetModelStatusResponse | None:
    """Returns what the server holds, None if none answers."""
    with PacelineClient(address, tls=tls, timeout=timeout) as client:
        try:
            return client.get_model_status()
        except Unavailable:
            return None


def _warn(status: GetModelStatusResponse) -> None:
    """Says what is wrong at the moment."""
    for problem in status.problems:
        warn(f"{problem.model_name}: {problem.message}")
    for text in unanswered(status.labels):
        warn(text)


def _row(key: Key, published: Published | None, status: ModelVersionStatus | None) -> Row:
    model, version = key
    found = published or Published()
    return {
        "model": model,
        "version": version,
        "create_time": found.create_time and f"{found.create_time:%Y-%m-%dT%H:%M:%SZ}",
        "test_auc": found.test_auc,
        "state": status and VersionState.Name(status.state).removeprefix("VERSION_STATE_"),
        "runtime": (status and status.runtime) or None,
        "refusal_reason": _reason(status),
        "message": (status.refusal_message if status else found.fault) or None,
    }


def _reason(status: ModelVersionStatus | None) -> str | None:
    if status is None or not status.refusal_reason:
        return None
    return RefusalReason.Name(status.refusal_reason).removeprefix("REFUSAL_REASON_")
