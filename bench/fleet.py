"""How many cores a fleet of servers needs, simulated from what `paceline bench recommend` measured of one.

A core is a queue that serves in batches, as `server.ranking.batches` does: whatever waits is taken together, up to
a limit, and takes a fixed time and one for each request. Requests come at random (Poisson) to each core alike, as
from a load balancer that knows nothing of them. The two times follow from two measurements: how many requests are
answered when all batches are full, and how long one takes at half of that. How long one takes that comes when the
last was answered is no measure: it finds all caches as the last one left them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.ranking.ports import PROBED_AT_ONCE, ROWS_AT_ONCE

REQUESTS = 40_000
"""That each load of a core is simulated with."""
WARM_UP = 2_000
"""Of these, as long as the queue is not as it will be."""
_RUNTIMES = {"openvino": PROBED_AT_ONCE, "tensorflow": ROWS_AT_ONCE}
"""How many members times classes each takes together at most."""
_LEAST = 1e-9
LOADS = np.arange(0.95, 0.0, -0.05)
"""Shares of its capacity that a core is tried with."""
SECONDS_PER_MILLION = 1e6
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Core:
    """What a core takes for requests.

    Attributes:
        call_seconds: For a batch, besides its requests.
        request_seconds: For each of them.
        most: How many are taken together at most.
    """

    call_seconds: float
    request_seconds: float
    most: int

    @property
    def capacity(self) -> float:
        """The requests a second that it can answer when all batches are full."""
        return self.most / (self.call_seconds + self.most * self.request_seconds)


@dataclass(frozen=True, slots=True)
class Fleet:
    """What requests of one kind need.

    Attributes:
        load: The share of its capacity that a core may have, 0 if even one request alone is too slow.
        requests_per_second: Of a core at that load.
        p50_ms: How long requests take then.
        p99_ms: The same of the slowest hundredth.
        cores: In all zones; None if there is no load that is fast enough.
        core_hours_per_million: Of a million requests, while all zones are there.
    """

    load: float
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cores: int | None
    core_hours_per_million: float | None


def measured_core(steady_rate: float, steady_ms: float, full_rate: float, in_flight: int, most: int) -> Core:
    """Returns a core from what was measured of a server.

    Between two steady requests a batch begins as soon as the one before has ended. The median request comes in the
    middle of a batch and is answered with the next, so it takes 1.5 times as long as each of them.

    Args:
        steady_rate: The requests a second that come at equal intervals.
        steady_ms: How long the median one then takes.
        full_rate: How many a second are answered with many in flight.
        in_flight: That many.
        most: How many are taken together at most.
    """
    together = min(most, in_flight)
    batch = steady_ms / 1e3 / 1.5
    call = batch * (1 - steady_rate / full_rate) / max(1 - batch * steady_rate / together, _LEAST)
    call = min(call, together / full_rate)
    return Core(call, 1 / full_rate - call / together, most)


def plan_fleet(core: Core, *, requests_per_second: float, p99_ms: float, zones: int, seed: int = 1) -> Fleet:
    """Returns the greatest load of a core that is fast enough, and the fleet that has it with a zone lost."""
    for load in LOADS:
        rate = float(load) * core.capacity
        p50, p99 = np.percentile(simulate(core, at_random(rate, seed)), [50, 99]) * 1e3
        if p99 <= p99_ms:
            left = ceil(requests_per_second / rate)
            in_a_zone = ceil(left / (zones - 1))
            cores = in_a_zone * zones
            hours = cores / requests_per_second * SECONDS_PER_MILLION / SECONDS_PER_HOUR
            return Fleet(float(load), rate, float(p50), float(p99), cores, hours)
    return Fleet(0.0, 0.0, float(p50), float(p99), None, None)


def at_random(rate: float, seed: int) -> NDArray[np.float64]:
    """Returns when requests come at random, so many a second, in seconds ``[REQUESTS]``."""
    return np.cumsum(np.random.default_rng(seed).exponential(1 / rate, REQUESTS))


def simulate(core: Core, arrivals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns how long requests take that come to a core at some times, but the first of them.

    Args:
        core: The core.
        arrivals: The times, rising, in seconds ``[requests]``.

    Returns:
        Seconds ``[requests - WARM_UP]``.
    """
    ends = np.empty(len(arrivals))
    first, now = 0, 0.0
    while first < len(arrivals):
        now = max(now, arrivals[first])
        waiting = int(np.searchsorted(arrivals, now, side="right"))
        last = min(waiting, first + core.most)
        now += core.call_seconds + (last - first) * core.request_seconds
        ends[first:last] = now
        first = last
    return (ends - arrivals)[WARM_UP:]


def fleets(
    documents: Sequence[Mapping[str, Any]], *, requests_per_second: float, p99_ms: float, zones: int
) -> Iterator[dict[str, object]]:
    """Yields a row for each runtime of each document of `paceline bench recommend`."""
    for document in documents:
        full = document["results"][-1]
        for runtime, rows in _RUNTIMES.items():
            steady = document["at_half"][runtime]
            core = measured_core(
                steady["requests_per_second"],
                steady["p50_ms"],
                full["servers"][runtime]["requests_per_second"],
                full["in_flight"],
                max(1, rows // document["classes"]),
            )
            fleet = plan_fleet(core, requests_per_second=requests_per_second, p99_ms=p99_ms, zones=zones)
            yield {
                "classes": document["classes"],
                "runtime": runtime,
                "call_ms": round(core.call_seconds * 1e3, 3),
                "request_ms": round(core.request_seconds * 1e3, 3),
                "load": round(fleet.load, 2),
                "requests_per_second": round(fleet.requests_per_second),
                "p50_ms": round(fleet.p50_ms, 2),
                "p99_ms": round(fleet.p99_ms, 2),
                "cores": fleet.cores,
                "core_hours_per_million": fleet.core_hours_per_million and round(fleet.core_hours_per_million, 3),
            }
