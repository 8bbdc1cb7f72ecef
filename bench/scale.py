"""Two workers on two cores over one on one, beside the gain of a bare echo in as many processes.

The load shares the cores, so that even the echo does not gain a factor of two.
"""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bench.codes import check_codes
from bench.load import load_for
from bench.machine import describe_machine
from bench.memory import family_mib
from bench.peer_servers import start_echo
from bench.processes import Served, on_cores, paceline_server, redis_server
from bench.site import LAYERS, REQUEST, Site, build_site, redis_site
from bench.spread import spread

CORES = (0, 1)
ROUNDS = 7
IN_FLIGHT = 32
"""For each process. A call is for all who wait, so a process that has the requests of two makes fewer for each."""
CONNECTIONS = 32
"""Enough for the kernel to spread them evenly over the processes."""
SECONDS = 3
"""Of a round."""
KINDS = ("paceline", "echo")

Progress = Callable[[int, int], None]
"""Is told how many rounds are over, and of how many."""


def bench_scale(classes: int, progress: Progress = lambda *_: None) -> dict[str, Any]:
    """Builds a site, loads one and two processes of both kinds in turn, and returns the document.

    Args:
        classes: How many classes there are.
        progress: Is told of every round.
    """
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        built = build_site(folder / "site", classes=classes)
        site = redis_site(built, stack.enter_context(redis_server(folder)))
        servers = {count: _start_server(folder, site, count, stack) for count in (1, 2)}
        ports = {("paceline", count): server.port for count, server in servers.items()}
        for count in (1, 2):
            with on_cores(CORES[:count]):
                ports["echo", count] = start_echo(folder, servers[1], stack, count)
        rates: dict[tuple[str, int], list[float]] = {key: [] for key in ports}
        for done in range(ROUNDS):
            progress(done, ROUNDS)
            for (kind, count), port in ports.items():
                rates[kind, count].append(_rate(port, IN_FLIGHT * count))
        progress(ROUNDS, ROUNDS)
        mib = [round(family_mib(server.pid)) for server in servers.values()]
        for count, server in servers.items():
            check_codes(server, cut_off=ROUNDS * IN_FLIGHT * count)
    results = {kind: _row(rates[kind, 1], rates[kind, 2]) for kind in KINDS}
    return {
        "benchmark": "scale",
        "machine": describe_machine(),
        "classes": classes,
        "layer_sizes": LAYERS,
        "servers": results,
        "mib": mib,
        "gain_over_echo": round(_gain(rates, "paceline") / _gain(rates, "echo"), 3),
    }


def _start_server(scratch: Path, site: Site, workers: int, stack: ExitStack) -> Served:
    flags = ("--runtime", "openvino", "--workers", workers)
    with on_cores(CORES[:workers]):
        return stack.enter_context(
            paceline_server(site.models, *flags, log=scratch / f"workers{workers}.log", env=site.env)
        )


def _rate(port: int, in_flight: int) -> float:
    load = load_for(port, REQUEST, seconds=SECONDS, in_flight=in_flight, connections=CONNECTIONS)
    return load.requests_per_second


def _row(one: list[float], two: list[float]) -> dict[str, object]:
    return {
        "requests_per_second": [round(median(one), 1), round(median(two), 1)],
        "gain": spread(_gains(one, two)),
    }


def _gains(one: list[float], two: list[float]) -> list[float]:
    """Returns what the second process gains, round by round."""
    return [b / a for a, b in zip(one, two, strict=True)]


def _gain(rates: Mapping[tuple[str, int], list[float]], kind: str) -> float:
    return median(_gains(rates[kind, 1], rates[kind, 2]))
