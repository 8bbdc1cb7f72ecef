"""From starting a server to its first answer, and its memory then, beside importing TensorFlow alone."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.errors import BenchError
from bench.machine import describe_machine
from bench.memory import family_mib
from bench.processes import paceline_server, redis_server, running
from bench.site import LAYERS, MEMBER, PAGE_SIZE, Site, build_site, redis_site
from paceline import PacelineClient

ROUNDS = 5
REQUESTS = 200
"""Before memory is read, so that what requests need is there."""
IMPORT_SECONDS = 120.0
IMPORT = "import tensorflow"
_PROGRAM = "import tensorflow, time; print('imported', flush=True); time.sleep(3600)"

Progress = Callable[[int, int], None]
"""Is told how many rounds are over, and of how many."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start."""

    seconds: float
    """To the first answer, or to the end of the import."""
    mib: float
    """Of the process and of those that it started."""


def bench_start(classes: int, progress: Progress = lambda *_: None) -> dict[str, object]:
    """Builds a site, starts a server of each runtime and the import in turn, and returns the document.

    Args:
        classes: How many classes there are.
        progress: Is told of every round.
    """
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        built = build_site(folder / "site", classes=classes)
        site = redis_site(built, stack.enter_context(redis_server(folder)))
        starts: dict[str, list[Start]] = {"tensorflow": [], "openvino": [], IMPORT: []}
        for done in range(ROUNDS + 1):
            progress(done, ROUNDS + 1)
            for name, found in starts.items():
                found.append(_import(folder) if name == IMPORT else _serve(folder, site, name))
    return {
        "benchmark": "start",
        "machine": describe_machine(),
        "classes": classes,
        "layer_sizes": LAYERS,
        "results": {name: _summary(found[1:]) for name, found in starts.items()},  # the first fills caches
    }


def _serve(scratch: Path, site: Site, runtime: str) -> Start:
    shutil.rmtree(site.root / "data" / "snapshots", ignore_errors=True)  # the catalogue of the start before
    begun = time.perf_counter()
    flags = ("--runtime", runtime)
    with paceline_server(site.models, *flags, log=scratch / f"{runtime}.log", env=site.env) as server:
        with PacelineClient(server.address, timeout=30) as client:
            client.recommend_classes(MEMBER, page_size=PAGE_SIZE)
            seconds = time.perf_counter() - begun
            for _ in range(REQUESTS):
                client.recommend_classes(MEMBER, page_size=PAGE_SIZE)
        return Start(seconds, family_mib(server.pid))


def _import(scratch: Path) -> Start:
    log = scratch / "import.log"
    begun = time.perf_counter()
    with running([sys.executable, "-c", _PROGRAM], log=log) as process:
        while "imported" not in log.read_text(encoding="utf-8", errors="replace"):
            if process.poll() is not None or time.perf_counter() - begun > IMPORT_SECONDS:
                raise BenchError(f"{IMPORT} failed: {log.read_text()}")
            time.sleep(0.01)
        return Start(time.perf_counter() - begun, family_mib(process.pid))


def _summary(starts: list[Start]) -> dict[str, object]:
    seconds = sorted(start.seconds for start in starts)
    return {
        "seconds": round(median(seconds), 2),
        "seconds_range": [round(seconds[0], 2), round(seconds[-1], 2)],
        "mib": round(median(start.mib for start in starts)),
    }
