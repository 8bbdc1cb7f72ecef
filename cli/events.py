"""`paceline events`: what members did, from the log of the servers to Parquet and the online store."""

import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import REPO, Profile, Repo, World
from cli.output import AsJson, print_json, say, warn
from contract.profile import data_dir
from contract.unchecked import without_typeguard

if TYPE_CHECKING:
    from features.streaming.consumer import Progress

events = typer.Typer(no_args_is_help=True, help="Consume what members did.")


@events.command("consume")
def consume_command(
    *,
    repo: Repo = REPO,
    profile: Profile = "",
    event_log: Annotated[
        Path | None, typer.Option(help="Where the servers record events.", show_default="<data>/event_log")
    ] = None,
    world: World = None,
    once: Annotated[bool, typer.Option("--once", help="End where the log ends.")] = False,
    as_json: AsJson = False,
) -> None:
    """Follow the event log: push live features, and keep the events for training.

    Each event becomes a row of the raw tables, as Parquet by day, once. The features
    that have the tag `live` are pushed to the online store within two seconds, and
    their rows kept beside those of other views. Ends with SIGTERM or SIGINT, goes on
    where it was, and waits while the store or the disk can't be written.

    For example:

    paceline events consume
    paceline events consume --once --json
    """
    with without_typeguard():
        from features.repository import open_store
        from features.streaming.consume import consume

    data = data_dir(repo)
    done = consume(
        repo,
        open_store(repo, profile),
        event_log or data / "event_log",
        world or data / "world",
        once=once,
        stop=_stopped_by_signals(),
        report=(lambda _: None) if as_json else _report,
        warn=warn,
    )
    if as_json:
        print_json(asdict(done))
    else:
        _report(done)


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _report(done: "Progress") -> None:
    delay = f", the last after {done.delay_seconds:.2f} s" if done.row_count else ""
    say(f"{done.event_count:,} events: {done.row_count:,} rows pushed{delay}; {done.file_count:,} files written.")
