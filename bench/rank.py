"""Ranking alone, beside the time that its matrix products need at the best rate of the same core."""

import json
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
_SITE_CLASSES = 500


def bench_rank(sizes: Sequence[int]) -> dict[str, Any]:
    """Trains a model, ranks catalogues of each size for one member at a time, and returns the document.

    Raises:
        BenchError: A command failed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        site = build_site(Path(scratch), classes=_SITE_CLASSES)
        with on_cores(CORES):
            results = [_alone(site.models / "ranking" / "1", classes) for classes in sizes]
    return {"benchmark": "rank", "machine": describe_machine(), "layer_sizes": LAYERS, "results": results}


def _alone(version: Path, classes: int) -> Any:
    command = [sys.executable, "-m", "bench.ranking_alone", str(version), str(classes)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        raise BenchError(f"ranking {classes} classes failed")
    return json.loads(run.stdout)
