"""`paceline bench`: measures the server on this machine."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import AsJson, messages, print_json, print_table

HEADINGS = ("in flight", "server", "requests/s", "p50 ms", "p99 ms", "share of echo")


def bench(
    out: Annotated[Path, typer.Option(help="Where the JSON document is written.")] = Path(
        "bench/results/recommend.json"
    ),
    as_json: AsJson = False,
) -> None:
    """Measure RecommendClasses on SQLite and on Redis, beside a bare gRPC echo of the same response.

    Simulates a site of 2,000 classes, trains a model, starts the servers on loopback and loads them in turn with
    h2load (Debian: nghttp2-client). Needs redis-server. Takes about four minutes.
    """
    from bench.recommend import bench_recommend

    document = bench_recommend()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json(document)
    else:
        print_table("RecommendClasses, 2,000 classes", HEADINGS, _rows(document))
        messages.print(f"written to {out}")


def _rows(document: dict[str, Any]) -> list[list[object]]:
    keys = ("requests_per_second", "p50_ms", "p99_ms", "share_of_echo")
    return [
        [result["in_flight"], name, *(row[key] for key in keys)]
        for result in document["results"]
        for name, row in result["servers"].items()
    ]
