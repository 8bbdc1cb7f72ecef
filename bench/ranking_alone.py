"""Ranking in OpenVINO without a server, in a process of its own so that its memory can be told.

Run as ``python -m bench.ranking_alone VERSION_DIR CLASSES``; prints a JSON document.
The classes are those of the manifest's golden requests, over and over.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.matrix_rate import matrix_rates
from bench.memory import proportional_mib
from bench.site import LAYERS
from bench.spread import spread
from contract.manifest import read_manifest
from server.models.golden import golden_columns
from server.models.openvino.model import Model

COUNT = 20
BATCHES = (1, 4, 8, 16, 32)
"""Members that are ranked for together, as requests that come together are."""
ROUNDS = 7
SECONDS = 0.4
"""Of one round."""
Columns = Mapping[str, NDArray[Any]]


def measure(version_dir: Path, classes: int) -> dict[str, object]:
    """Ranks for one member at a time, then for several, and returns the document.

    The limit is the time that the products of all layers need for all classes, in the precision in which they are
    quickest on this core. Of each round the quickest of both sides counts.
    """
    manifest = read_manifest(version_dir)
    model = Model(version_dir, manifest, calls_at_once=1)
    class_side, member = golden_columns(manifest, manifest.golden_requests[0])
    _rank(model, class_side, member, 64)()
    before = proportional_mib(os.getpid())
    rank = _rank(model, class_side, member, classes)
    with_classes = proportional_mib(os.getpid())
    rounds = [(_seconds(rank), matrix_rates()) for _ in range(ROUNDS)]
    rates = {name: median(rates[name] for _, rates in rounds) for name in rounds[0][1]}
    after = proportional_mib(os.getpid())
    flops = 2 * classes * _multiplications()
    batches = [members for members in BATCHES if members * classes <= model.rows_at_once(classes)]
    return {
        "classes": classes,
        "preselected_in": model.preselects_in(classes),
        "ms": round(1e3 * median(seconds for seconds, _ in rounds), 4),
        "us_per_class": round(1e6 * median(seconds for seconds, _ in rounds) / classes, 5),
        "matrix_gflops_per_second": {name: round(rate / 1e9, 1) for name, rate in rates.items()},
        "times_limit": spread([seconds * max(rates.values()) / flops for seconds, rates in rounds]),
        "ms_of_a_member": {
            n: round(1e3 * _seconds(_rank_several(model, member, classes, n)) / n, 4) for n in batches
        },
        "classes_mib": round(with_classes - before, 1),
        "ranking_mib": round(after - with_classes, 1),
    }


def _rank(model: Model, class_side: Columns, member: Columns, classes: int) -> Callable[[], object]:
    columns = {name: np.resize(column, (classes, *column.shape[1:])) for name, column in class_side.items()}
    model.encode_classes(classes, columns, keep=())
    return _rank_several(model, member, classes, 1)


def _rank_several(model: Model, member: Columns, classes: int, members: int) -> Callable[[], object]:
    columns = {name: np.repeat(column, members, axis=0) for name, column in member.items()}
    candidates = np.ones((members, classes), np.bool_)
    return lambda: model.rank(classes, columns, candidates, COUNT)


def _multiplications() -> int:
    """Returns how many a class takes once the sides are encoded: the layers above the first, and the output."""
    sizes = [*map(int, LAYERS.split(",")), 1]
    return sum(inner * outer for inner, outer in pairwise(sizes))


def _seconds(call: Callable[[], object]) -> float:
    """Returns how long the quickest call of a round takes, in seconds."""
    call()
    quickest, end = _timed(call), time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        quickest = min(quickest, _timed(call))
    return quickest


def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
