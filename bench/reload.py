"""What a reload costs the requests beside it: latency while a version is loaded, and memory after many.

One server, one steady stream of requests at half of what it can do, and one version published after the other. The
peer is the same stream between the reloads.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.codes import check_codes
from bench.errors import BenchError
from bench.load import run_load, steady_load
from bench.machine import describe_machine
from bench.memory import children, proportional_mib
from bench.processes import Served, paceline_server
from bench.site import LAYERS, REQUEST, Site, build_site
from contract.manifest import read_manifest, write_manifest
from paceline import PacelineClient
from paceline.v1.model_service_pb2 import VERSION_STATE_AVAILABLE, VERSION_STATE_END

MODEL = "ranking"
CLASSES = 2000
CAPACITY_SECONDS = 4.0
SHARE_OF_CAPACITY = 0.5
PAUSE_SECONDS = 2.0
"""After a reload, before the steady stream counts again."""
WAIT_SECONDS = 300.0

Progress = Callable[[int], None]
"""Is told how many reloads are over."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A time during which something was so, in seconds since the epoch."""

    start: float
    end: float


def bench_reload(reloads: int, progress: Progress = lambda _: None) -> dict[str, Any]:
    """Builds a site, reloads as often as told under load, and returns the document.

    Raises:
        BenchError: A request failed, or a version did not serve in time.
    """
    with tempfile.TemporaryDirectory() as scratch:
        site = build_site(Path(scratch, "site"), classes=CLASSES)
        log = Path(scratch, "server.log")
        with paceline_server(site.models, "--keep-seconds", 0, log=log, env=site.env) as server:
            capacity = _capacity(server)
            rate = capacity * SHARE_OF_CAPACITY
            with steady_load(server.port, REQUEST, rate, Path(scratch, "load")) as rows:
                measured = _Rounds(site, server).run(reloads, progress)
                check_codes(server)
                starts, milliseconds = rows()
    return {
        "benchmark": "reload",
        "machine": describe_machine(),
        "classes": CLASSES,
        "layer_sizes": LAYERS,
        "reloads": reloads,
        "capacity_requests_per_second": round(capacity, 1),
        "requests_per_second": round(rate, 1),
        "requests": len(starts),
        "failed_requests": 0,
        **_latencies(measured, starts, milliseconds),
        **_memory(measured),
    }


class _Rounds:
    """Waits and reloads in turns, and remembers when and with how much memory."""

    def __init__(self, site: Site, server: Served) -> None:
        self._models = site.models / MODEL
        self._server = server
        self.steady: list[_Span] = []
        self.reloading: list[_Span] = []
        self.server_mib: list[float] = []
        self.children_mib: list[float] = []

    def run(self, reloads: int, progress: Progress) -> "_Rounds":
        """Reloads as often as told; a first reload is not counted, as it warms up what only reloads need."""
        seconds = self._reload(2).end - self._published
        for done in range(reloads):
            progress(done)
            time.sleep(PAUSE_SECONDS)
            self.steady.append(self._wait(seconds))
            self.server_mib.append(proportional_mib(self._server.pid))
            self.children_mib.append(sum(map(proportional_mib, children(self._server.pid))))
            self.reloading.append(self._reload(3 + done))
        progress(reloads)
        return self

    def _wait(self, seconds: float) -> _Span:
        start = time.time()
        time.sleep(seconds)
        return _Span(start, time.time())

    def _reload(self, version: int) -> _Span:
        """Publishes the first version under another number; returns once it serves and the one before is gone."""
        self._publish(version)
        self._published = time.time()
        end = self._published + WAIT_SECONDS
        with PacelineClient(self._server.address) as client:
            while not _has_switched(client, version):
                if time.time() > end:
                    raise BenchError(f"version {version} did not serve within {WAIT_SECONDS:g} s")
                time.sleep(0.2)
        return _Span(self._published, time.time())

    def _publish(self, version: int) -> None:
        aside = self._models / f".{version}.partial"
        shutil.copytree(self._models / "1", aside)
        manifest = read_manifest(self._models / "1")
        manifest.version = version
        write_manifest(aside, manifest)
        aside.rename(self._models / str(version))


def _has_switched(client: PacelineClient, version: int) -> bool:
    states = {found.model_version.version: found.state for found in client.get_model_status(MODEL).versions}
    before = states.get(version - 1, VERSION_STATE_END)
    return states.get(version) == VERSION_STATE_AVAILABLE and before == VERSION_STATE_END


def _capacity(server: Served) -> float:
    trial = run_load(server.port, REQUEST, in_flight=32, count=200)
    count = int(trial.requests_per_second * CAPACITY_SECONDS)
    return run_load(server.port, REQUEST, in_flight=32, count=count).requests_per_second


def _latencies(
    measured: _Rounds, starts: NDArray[np.float64], milliseconds: NDArray[np.float64]
) -> dict[str, object]:
    def percentiles(spans: list[_Span]) -> NDArray[np.float64]:
        within = [milliseconds[(starts >= span.start) & (starts < span.end)] for span in spans]
        return np.array([np.percentile(found, [50, 99]) for found in within])

    steady, reloading = percentiles(measured.steady), percentiles(measured.reloading)
    return {
        "reload_seconds": round(median(span.end - span.start for span in measured.reloading), 1),
        "steady": _summary(steady),
        "reload": _summary(reloading),
        "p99_ratio": round(float(np.median(reloading[:, 1] / steady[:, 1])), 3),
        "p99_ratio_of_rounds": (reloading[:, 1] / steady[:, 1]).round(3).tolist(),
    }


def _summary(percentiles: NDArray[np.float64]) -> dict[str, object]:
    """Returns the median and the range over the rounds."""
    p50, p99 = percentiles.T
    return {
        "p50_ms": round(float(np.median(p50)), 2),
        "p99_ms": round(float(np.median(p99)), 2),
        "p99_ms_range": [round(float(p99.min()), 2), round(float(p99.max()), 2)],
    }


def _memory(measured: _Rounds) -> dict[str, object]:
    return {
        "server_mib": [round(found, 1) for found in measured.server_mib],
        "children_mib": [round(found, 1) for found in measured.children_mib],
        "server_growth_mib": round(_growth(measured.server_mib), 1),
        "children_growth_mib": round(_growth(measured.children_mib), 1),
    }


def _growth(found: list[float]) -> float:
    """Returns by how much the median of the last quarter is above that of the first."""
    quarter = max(1, len(found) // 4)
    return median(found[-quarter:]) - median(found[:quarter])
