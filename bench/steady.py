"""Latency at half of what servers can answer: requests at a steady rate, whether or not the last were answered."""

import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import numpy as np

from bench.load import Load, steady_load
from bench.rounds import ROUNDS, Rounds
from bench.spread import spread

SHARE = 0.5
SECONDS = 4.0
"""Of one round."""


def at_half(ports: Mapping[str, int], request: bytes, rounds: Rounds, scratch: Path) -> dict[str, object]:
    """Loads the servers in turn at half of the median rate of their rounds, and returns a row for each."""
    rates = {name: SHARE * median(load.requests_per_second for load in rounds[name]) for name in ports}
    found: Rounds = {name: [] for name in ports}
    for number in range(ROUNDS):
        for name, port in ports.items():
            found[name].append(_round(port, request, rates[name], scratch / f"steady-{name}-{number}"))
    return {name: _row(rates[name], loads) for name, loads in found.items()}


def _round(port: int, request: bytes, rate: float, scratch: Path) -> Load:
    with steady_load(port, request, rate, scratch) as rows:
        time.sleep(SECONDS)
        _, milliseconds = rows()
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return Load(rate, float(p50), float(p99))


def _row(rate: float, loads: list[Load]) -> dict[str, object]:
    return {
        "requests_per_second": round(rate, 1),
        "p50_ms": round(median(load.p50_ms for load in loads), 2),
        "p99_ms": round(median(load.p99_ms for load in loads), 2),
        "p99_times_p50": spread([load.p99_ms / load.p50_ms for load in loads]),
    }
