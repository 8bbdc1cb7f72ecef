"""`paceline bench rank`, `scale`, `start`, `trouble` and `fleet`: what each of them costs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.errors import BenchError
from cli.bench_output import RESULTS, Out, Table, present
from cli.bench_tables import TROUBLE_HEADINGS, trouble_lines, trouble_rows
from cli.output import AsJson, progress

RANK_HEADINGS = ("classes", "in", "ms", "ms of 8", "of the limit", "least", "greatest", "classes MiB", "MiB")
START_HEADINGS = ("", "seconds", "least", "greatest", "MiB")
FLEET_HEADINGS = (
    "classes",
    "runtime",
    "ms a call",
    "ms a request",
    "load",
    "requests/s of a core",
    "p50 ms",
    "p99 ms",
    "cores",
    "core hours a million",
)
SCALE_HEADINGS = ("", "requests/s of one", "of two", "gain", "least", "greatest")

Classes = Annotated[int, typer.Option(min=20, help="How many there are.")]


def rank_command(
    *,
    classes: Annotated[list[int], typer.Option(min=20, help="How many there are; may be repeated.")] = [  # noqa: B006
        500,
        2_000,
        10_000,
        100_000,
    ],
    out: Out = RESULTS / "rank.json",
    as_json: AsJson = False,
) -> None:
    """Measure ranking alone on OpenVINO, for one member at a time, and its memory.

    The limit is the time that the matrix products of all classes need at the best rate that one reaches on the
    same core in the same round, in any precision. "ms of 8" are those of a member where eight are ranked for
    together. Builds a site of each size and trains a model for it first. Takes about four minutes.
    """
    from bench.rank import bench_rank

    document = bench_rank(classes)
    table = Table("Ranking for one member", RANK_HEADINGS, rank_rows(document))
    present(document, out, table, as_json=as_json)


def scale_command(classes: Classes = 500, out: Out = RESULTS / "scale.json", as_json: AsJson = False) -> None:
    """Measure two workers on two cores over one, beside two processes of a bare echo over one.

    Needs redis-server. Takes about four minutes.
    """
    from bench.scale import bench_scale

    with progress() as display:
        task = display.add_task("Loading", total=None)
        document = bench_scale(classes, lambda done, total: display.update(task, completed=done, total=total))

    lines = [
        f"the gain is {document['gain_over_echo']} of the echo's",
        f"MiB of one worker and of two with their supervisor: {document['mib']}",
    ]
    table = Table("One and two processes", SCALE_HEADINGS, scale_rows(document), lines)
    present(document, out, table, as_json=as_json)


def start_command(classes: Classes = 10_000, out: Out = RESULTS / "start.json", as_json: AsJson = False) -> None:
    """Measure a server's start until its first answer and its memory then, beside importing TensorFlow alone.

    Needs redis-server. Takes about five minutes, most of which makes the site.
    """
    from bench.start import bench_start

    with progress() as display:
        task = display.add_task("Starting", total=None)
        document = bench_start(classes, lambda done, total: display.update(task, completed=done, total=total))
    present(
        document,
        out,
        Table(f"Starting, {classes:,} classes", START_HEADINGS, start_rows(document)),
        as_json=as_json,
    )


def trouble_command(
    classes: Classes = 500,
    rounds: Annotated[int, typer.Option(min=1, help="How often each trouble is gone through.")] = 3,
    seconds: Annotated[float, typer.Option(min=1.5, help="How long each lasts.")] = 5.0,
    out: Out = RESULTS / "trouble.json",
    as_json: AsJson = False,
) -> None:
    """Measure what a Redis that hangs, is slow, lies or is dead costs, beside the same server while it is well.

    Latencies are those after the first second of each trouble. Half of the members ask for the first time while
    the store is in trouble. Needs redis-server. Takes about four minutes.
    """
    from bench.trouble import Course, bench_trouble

    course = Course(rounds, seconds)
    with progress() as display:
        task = display.add_task("Asking", total=None)
        document = bench_trouble(
            classes, course, lambda done, total: display.update(task, completed=done, total=total)
        )
    title = f"A Redis in trouble, {document['requests_per_second']:g} requests/s"
    table = Table(title, TROUBLE_HEADINGS, trouble_rows(document), trouble_lines(document))
    present(document, out, table, as_json=as_json)


def fleet_command(
    measured: Annotated[list[Path], typer.Argument(help="Documents of `paceline bench recommend`.", exists=True)],
    *,
    rate: Annotated[float, typer.Option(min=1, help="Requests a second to all of the fleet.")] = 100_000,
    p99_ms: Annotated[float, typer.Option(min=0.1, help="How long the slowest hundredth may take.")] = 10,
    zones: Annotated[int, typer.Option(min=2, help="How many there are; one may be lost.")] = 3,
    out: Out = RESULTS / "fleet.json",
    as_json: AsJson = False,
) -> None:
    """Simulate how many cores a fleet needs, from what was measured of one server.

    Each core is a queue that serves in batches. The fleet is as large as it has to be to answer in time with a
    zone lost.
    """
    from bench.fleet import fleets

    documents = [_recommend_document(path) for path in measured]
    rows = list(fleets(documents, requests_per_second=rate, p99_ms=p99_ms, zones=zones))
    document = {"benchmark": "fleet", "rate": rate, "p99_ms": p99_ms, "zones": zones, "results": rows}
    title = f"{rate:,.0f} requests/s, p99 within {p99_ms:g} ms, one of {zones} zones lost"
    table = Table(title, FLEET_HEADINGS, [list(row.values()) for row in rows])
    present(document, out, table, as_json=as_json)


def _recommend_document(path: Path) -> Any:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        kind = document["benchmark"]
    except (ValueError, KeyError, TypeError):
        kind = "none"
    if kind != "recommend":
        raise BenchError(f"{path} is a document of {kind!r}, expected one of `paceline bench recommend`")
    return document


def rank_rows(document: Mapping[str, Any]) -> list[list[object]]:
    """Returns a row for each number of classes."""
    return [
        [
            f"{row['classes']:,}",
            row["preselected_in"],
            row["ms"],
            row["ms_of_a_member"].get("8", ""),
            row["times_limit"]["median"],
            row["times_limit"]["least"],
            row["times_limit"]["greatest"],
            row["classes_mib"],
            row["ranking_mib"],
        ]
        for row in document["results"]
    ]


def scale_rows(document: Mapping[str, Any]) -> list[list[object]]:
    """Returns a row for each kind of server."""
    return [
        [name, *row["requests_per_second"], *row["gain"].values()] for name, row in document["servers"].items()
    ]


def start_rows(document: Mapping[str, Any]) -> list[list[object]]:
    """Returns a row for each thing that was started."""
    return [[name, row["seconds"], *row["seconds_range"], row["mib"]] for name, row in document["results"].items()]
