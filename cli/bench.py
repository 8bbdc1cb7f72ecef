"""`paceline bench`: measures the server on this machine."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.bench_output import RESULTS, Out, Table, present
from cli.bench_sizes import fleet_command, rank_command, scale_command, start_command, trouble_command
from cli.bench_tables import (
    MATERIALIZE_HEADINGS,
    PEERS_HEADINGS,
    RECOMMEND_HEADINGS,
    RELOAD_HEADINGS,
    TRAIN_HEADINGS,
    half_lines,
    latency_row,
    materialize_rows,
    peers_rows,
    recommend_rows,
    reload_lines,
    train_rows,
)
from cli.output import AsJson, progress
from cli.quiet import importing_tensorflow


class Peer(StrEnum):
    """What is trained beside ours."""

    FUXICTR = "fuxictr"
    NONE = "none"


class PredictPeer(StrEnum):
    """What answers Predict beside ours."""

    MLSERVER = "mlserver"
    MLSERVER_UNBATCHED = "mlserver-unbatched"
    PYTRITON = "pytriton"


bench = typer.Typer(
    no_args_is_help=True,
    help="Measure the server on this machine, each time beside a peer or a limit. Needs h2load (nghttp2-client).",
)
bench.command("rank")(rank_command)
bench.command("scale")(scale_command)
bench.command("start")(start_command)
bench.command("trouble")(trouble_command)
bench.command("fleet")(fleet_command)


@bench.command("recommend")
def recommend_command(
    *,
    classes: Annotated[int, typer.Option(min=20, help="How many there are.")] = 500,
    naive: Annotated[bool, typer.Option(help="Measure the naive build, too; slow where classes are many.")] = True,
    out: Out = RESULTS / "recommend.json",
    as_json: AsJson = False,
) -> None:
    """Measure RecommendClasses on both runtimes, beside a bare gRPC echo and the naive build.

    Simulates a site, trains a model, starts the servers on one core, with Redis as the online store, and loads
    them in turn from another. The naive build is Feast's get_online_features for the member and all
    classes, then the model. Needs redis-server. Takes about five minutes.
    """
    from bench.recommend import bench_recommend

    document = bench_recommend(classes, with_naive=naive)
    title = f"RecommendClasses, {classes:,} classes"
    table = Table(title, RECOMMEND_HEADINGS, recommend_rows(document), half_lines(document))
    present(document, out, table, as_json=as_json)


@bench.command("peers")
def peers_command(
    *,
    peer: Annotated[list[PredictPeer], typer.Option(help="May be repeated.")] = list(PredictPeer),  # noqa: B006
    out: Out = RESULTS / "peers.json",
    as_json: AsJson = False,
) -> None:
    """Measure Predict of 1 and 64 rows on both runtimes, beside MLServer and PyTriton with the same SavedModel.

    Trains a model, starts the servers on one core, sees whether all give the same scores, and loads them in turn
    from another core. The peers have environments of their own, which bench/peers/*/setup.sh make. Takes about
    seven minutes.
    """
    with importing_tensorflow():
        from bench.predict import bench_peers

    document = bench_peers(list(dict.fromkeys(found.value for found in peer)))
    present(
        document,
        out,
        Table(f"Predict, {document['inputs']} inputs", PEERS_HEADINGS, peers_rows(document)),
        as_json=as_json,
    )


@bench.command("reload")
def reload_command(
    reloads: Annotated[int, typer.Option(min=1, help="How many versions are published.")] = 10,
    out: Out = RESULTS / "reload.json",
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
    rows = [[name, *latency_row(document[name])] for name in ("steady", "reload")]
    title = f"RecommendClasses, {document['requests_per_second']:g} requests/s"
    table = Table(title, RELOAD_HEADINGS, rows, reload_lines(document))
    present(document, out, table, as_json=as_json)


@bench.command("materialize")
def materialize_command(
    view: Annotated[str, typer.Option(help="Whose rows; a view of members.")] = "member_activity",
    rows: Annotated[int, typer.Option(min=1000, help="How many there are.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, help="How often a fifth of them is written.")] = 5,
    out: Out = RESULTS / "materialize.json",
    as_json: AsJson = False,
) -> None:
    """Measure materialising to Redis beside a bare client's pipelined HSET of the same bytes, and beside Feast.

    Simulates a site and makes rows of as many members as are asked for. In each round a fifth of them is written,
    in turn by us and by redis-py, to which the bytes are given, and a hundredth by Feast's own code; all of them
    are written once at the end. Needs redis-server, and memory for the rows in Redis. Takes about ten minutes.
    """
    from bench.materialize import bench_materialize

    with progress() as display:
        task = display.add_task("Materialising", total=rounds + 1)
        document = bench_materialize(view, rows, rounds, lambda done: display.update(task, completed=done))
    title = f"{view}: {document['features']} features, {document['bytes_per_row']} bytes a row"
    table = Table(title, MATERIALIZE_HEADINGS, materialize_rows(document))
    present(document, out, table, as_json=as_json)


@bench.command("train")
def train_command(
    *,
    table: Annotated[Path | None, typer.Option(help="Rows to train on, in place of generated ones.")] = None,
    test: Annotated[Path | None, typer.Option(help="Rows for the test.")] = None,
    label: Annotated[str | None, typer.Option(help="The column to predict, 0 or 1.")] = None,
    rows: Annotated[int, typer.Option(min=100, help="How many rows are generated to train on.")] = 200_000,
    rounds: Annotated[int, typer.Option(min=1, help="How many epochs are counted.")] = 5,
    batch_size: Annotated[int, typer.Option(min=1)] = 4096,
    precision: Annotated[str, typer.Option(help="Of our matrix products: float32 or bfloat16.")] = "float32",
    peer: Annotated[Peer, typer.Option(help="The public implementation beside it.")] = Peer.FUXICTR,
    out: Out = RESULTS / "train.json",
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
    spec = replace(SPEC, batch_size=batch_size, precision=precision)
    with progress() as display:
        task = display.add_task("Training", total=rounds)
        document = bench_train(
            data,
            spec,
            rounds=rounds,
            with_peer=peer is Peer.FUXICTR,
            on_round=lambda done: display.update(task, completed=done),
        )
    present(
        document,
        out,
        Table(f"Training on {document['data']}", TRAIN_HEADINGS, train_rows(document)),
        as_json=as_json,
    )
