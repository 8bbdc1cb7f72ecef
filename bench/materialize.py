"""Member rows a second from Parquet to Redis, beside a bare client that writes the same bytes, and beside Feast.

The sides take turns, each into an empty Redis, so that a drift of the machine's speed touches all alike. Ours is
what `paceline features materialize` does for a view: find the newest row of each member, encode, write, and note
it in the registry. The bare client has all bytes in memory. Feast's own way has few rows, as it is slow.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.machine import describe_machine
from bench.processes import redis_server
from bench.redis_site import RedisSite, Rows
from bench.spread import spread

PART, SAMPLE = 5, 100
"""The rounds have a fifth of the rows; Feast's own way, and what warms up, have a hundredth."""

OnRound = Callable[[int], None]
"""Hears how many rounds are over."""

Round = Mapping[str, float]
"""Rows a second of each side."""


def bench_materialize(view: str, row_count: int, rounds: int, on_round: OnRound) -> dict[str, object]:
    """Runs so many rounds of a fifth of the rows and one of all of them, and returns the document.

    Args:
        view: A view of members.
        row_count: How many rows there are; a hundred at least.
        rounds: How many rounds of a fifth there are.
        on_round: Hears of each that is over.

    Raises:
        BenchError: A command fails, or not all rows were written.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with redis_server(folder) as port:
            site = RedisSite(folder, port, view)
            sample, part, whole = site.write_rows([row_count // SAMPLE, row_count // PART, row_count])
            site.ours(sample)
            found = []
            for number in range(rounds):
                found.append(_round(site, part) | {"feast": site.feast(sample)})
                on_round(number + 1)
            all_rows = _round(site, whole)
            on_round(rounds + 1)
    return {
        "benchmark": "materialize",
        "machine": describe_machine(),
        "view": view,
        "features": len(site.view.features),
        "bytes_per_row": round(site.bytes_per_row),
        "parts": {"rows": part.count, "feast_rows": sample.count, **_figures(found)},
        "whole": {"rows": whole.count, **_figures([all_rows])},
    }


def _round(site: RedisSite, rows: Rows) -> dict[str, float]:
    return {"paceline": site.ours(rows), "bare": site.bare(rows)}


def _figures(rounds: Sequence[Round]) -> dict[str, object]:
    rates = {side: [found[side] for found in rounds] for side in rounds[0]}
    return {
        "rounds": [{side: round(rate) for side, rate in found.items()} for found in rounds],
        "rows_per_second": {side: spread(values) for side, values in rates.items()},
        "paceline_to": {
            side: spread([ours / theirs for ours, theirs in zip(rates["paceline"], values, strict=True)])
            for side, values in rates.items()
            if side != "paceline"
        },
    }
