"""Ranking alone, beside the time that its matrix products need at the best rate of the same core."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.machine import describe_machine
from bench.processes import on_cores
from bench.site import LAYERS, build_site

CORES = {0}


def bench_rank(sizes: Sequence[int]) -> dict[str, Any]:
    """Builds a site of each size, ranks its classes for one member at a time, and returns the document.

    Raises:
        BenchError: A command failed.
    """
    results = [_of_a_site(classes) for classes in sizes]
    return {"benchmark": "rank", "machine": describe_machine(), "layer_sizes": LAYERS, "results": results}


def _of_a_site(classes: int) -> Any:
    with tempfile.TemporaryDirectory() as scratch:
        site = build_site(Path(scratch), classes=classes)
        command = [sys.executable, "-m", "bench.ranking_alone", str(site.models / "ranking" / "1")]
        with on_cores(CORES):
            run = subprocess.run(
                command, env={**os.environ, **site.env}, stdout=subprocess.PIPE, text=True, check=False
            )
    if run.returncode:
        raise BenchError(f"ranking {classes} classes failed")
    return json.loads(run.stdout)
