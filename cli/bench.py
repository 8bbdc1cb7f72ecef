"""`paceline bench`: measures the server on this machine."""

import json
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import AsJson, print_json, print_lines, print_table, progress, say
from cli.quiet import importing_tensorflow

RECOMMEND_HEADINGS = ("in flight", "server", "requests/s", "p50 ms", "p99 ms", "share of echo")
TRAIN_HEADINGS = ("", "rows/s", "least to greatest", "best AUC", "paceline is")
RELOAD_HEADINGS = ("", "p50 ms", "p99 ms", "p99 ms, least", "p99 ms, greatest")
_FOLDER = Path("bench/results")

Out = Annotated[Path, typer.Option(help="Where the JSON document is written.")]


class Peer(StrEnum):
    """What is trained beside ours."""

    FUXICTR = "fuxictr"
    NONE = "none"


bench = typer.Typer(
    no_args_is_help=True,
    help="Measure the server on this machine, each time beside a peer or a limit. Needs h2load (nghttp2-client).",
)


@bench.command("recommend")
def recommend_command(out: Out = _FOLDER / "recommend.json", as_json: AsJson = False) -> None:
    """Measure RecommendClasses on SQLite and on Redis, beside a bare gRPC echo of the same response.

    Simulates a site of 2,000 classes, trains a model, starts the servers on loopback and loads them in turn. Needs
    redis-server. Takes about four minutes.
    """
    from bench.recommend import bench_recommend

    document = bench_recommend()
    _write(out, document)
    if as_json:
        print_json(document)
    else:
        print_table("RecommendClasses, 2,000 classes", RECOMMEND_HEADINGS, _recommend_rows(document))


@bench.command("reload")
def reload_command(
    reloads: Annotated[int, typer.Option(min=1, help="How many versions are published.")] = 10,
    out: Out = _FOLDER / "reload.json",
    as_json: AsJson = False,
) -> None:
    """Measure what a reload costs the requests beside it: latency meanwhile, and memory afterwards.

    Keeps a server of 2,000 classes at half of what it can answer, and publishes one version after the other. The
    peer is the same stream of requests between the reloads. Ten reloads take about five minutes; fifty tell
    whether memory grows.
    """
    from bench.reload import bench_reload

    with progress() as display:
        task = display.add_task("Reloading", total=reloads)
        document = bench_reload(reloads, lambda done: display.update(task, completed=done))
    _write(out, document)
    if as_json:
        print_json(document)
    else:
        rows = [[name, *_latency(document[name])] for name in ("steady", "reload")]
        print_table(f"RecommendClasses, {document['requests_per_second']:g} requests/s", RELOAD_HEADINGS, rows)
        print_lines(_reload_lines(document))


@bench.command("train")
def train_command(
    *,
    table: Annotated[Path | None, typer.Option(help="Rows to train on, in place of generated ones.")] = None,
    test: Annotated[Path | None, typer.Option(help="Rows for the test.")] = None,
    label: Annotated[str | None, typer.Option(help="The column to predict, 0 or 1.")] = None,
    rows: Annotated[int, typer.Option(min=100, help="How many rows are generated to train on.")] = 200_000,
    rounds: Annotated[int, typer.Option(min=1, help="How many epochs are counted.")] = 5,
    batch_size: Annotated[int, typer.Option(min=1)] = 4096,
    peer: Annotated[Peer, typer.Option(help="The public implementation beside it.")] = Peer.FUXICTR,
    out: Out = _FOLDER / "train.json",
    as_json: AsJson = False,
) -> None:
    """Measure training beside FuxiCTR's Wide & Deep on the same table, and beside the bare perceptron's step.

    The table has 13 numbers and 26 categories drawn from a known truth; --table, --test and --label name another.
    All have layers of 400-400-400 with batch norm and dropout, and train an epoch each in turn. FuxiCTR has an
    environment of its own, which bench/peers/fuxictr/setup.sh makes. Takes about four minutes.
    """
    given = (table, test, label)
    if any(given) and not all(given):
        raise typer.BadParameter("--table, --test and --label belong together")
    with importing_tensorflow():
        from bench.train import SPEC, bench_train, clicks, flat_files

    data = flat_files(table, test, label) if table and test and label else clicks(rows)
    spec = replace(SPEC, batch_size=batch_size)
    with progress() as display:
        task = display.add_task("Training", total=rounds)
        document = bench_train(
            data,
            spec,
            rounds=rounds,
            with_peer=peer is Peer.FUXICTR,
            on_round=lambda done: display.update(task, completed=done),
        )
    _write(out, document)
    if as_json:
        print_json(document)
    else:
        print_table(f"Training on {document['data']}", TRAIN_HEADINGS, _train_rows(document))


def _train_rows(document: Mapping[str, Any]) -> list[list[object]]:
    rows: list[list[object]] = []
    for name, side in document["sides"].items():
        rate, ratio = side["rows_per_second"], document["paceline_to"].get(name, {})
        spread = f"{rate['least']:,.0f} to {rate['greatest']:,.0f}"
        rows.append([name, f"{rate['median']:,.0f}", spread, side.get("best_auc", ""), ratio.get("median", "")])
    return rows


def _recommend_rows(document: Mapping[str, Any]) -> list[list[object]]:
    keys = ("requests_per_second", "p50_ms", "p99_ms", "share_of_echo")
    return [
        [result["in_flight"], name, *(row[key] for key in keys)]
        for result in document["results"]
        for name, row in result["servers"].items()
    ]


def _latency(found: Mapping[str, Any]) -> list[object]:
    return [found["p50_ms"], found["p99_ms"], *found["p99_ms_range"]]


def _reload_lines(document: Mapping[str, Any]) -> list[str]:
    ratios = document["p99_ratio_of_rounds"]
    return [
        f"{document['requests']} requests, {document['failed_requests']} failed; {document['reloads']} reloads of"
        f" {document['reload_seconds']:g} s each",
        f"p99 during a reload is {document['p99_ratio']:g} times the steady one"
        f" (rounds: {min(ratios):g} to {max(ratios):g})",
        f"memory grew by {document['server_growth_mib']:g} MiB in the server and"
        f" {document['children_growth_mib']:g} MiB in its runners",
    ]


def _write(out: Path, document: Mapping[str, Any]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    say(f"written to {out}")
