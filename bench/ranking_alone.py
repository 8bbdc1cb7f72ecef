"""Ranking in OpenVINO without a server, in a process of its own so that its memory can be told.

Run as ``python -m bench.ranking_alone VERSION_DIR`` in the environment of a site; prints a JSON document.
The classes are those of the site's catalogue, the members those of the manifest's golden requests, in turn.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
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
from contract.stubs.manifest_pb2 import Manifest
from server.catalogue.reader import CatalogueReader
from server.features.online import OnlineFeatures
from server.features.opening import open_stores
from server.features.registry import Registry
from server.models.golden import golden_columns
from server.models.openvino.model import Model

COUNT = 20
BATCHES = (1, 4, 8, 16, 32)
"""Members that are ranked for together, as requests that come together are."""
ROUNDS = 7
SECONDS = 0.4
"""Of one round."""
FEW = 64
"""Classes, which take next to no memory."""
_KEY = 1
Columns = Mapping[str, NDArray[Any]]


def measure(version_dir: Path) -> dict[str, object]:
    """Ranks for one member at a time, then for several, and returns the document.

    The limit is the time that the products of all layers need for all classes, in the precision in which they are
    quickest on this core. Of each round the quickest of both sides counts.
    """
    manifest = read_manifest(version_dir)
    model = Model(version_dir, manifest, calls_at_once=1)
    catalogue = asyncio.run(_read_catalogue(manifest))
    classes = len(next(iter(catalogue.values())))
    members = _golden_members(manifest)
    _encode(model, catalogue, FEW)
    _ranking(model, members, FEW, 1)()
    before = proportional_mib(os.getpid())
    _encode(model, catalogue, classes)
    rank = _ranking(model, members, classes, 1)
    with_classes = proportional_mib(os.getpid())
    rounds = [(_seconds(rank), matrix_rates()) for _ in range(ROUNDS)]
    rates = {name: median(rates[name] for _, rates in rounds) for name in rounds[0][1]}
    after = proportional_mib(os.getpid())
    flops = 2 * classes * _multiplications()
    batches = [count for count in BATCHES if count * classes <= model.rows_at_once(_KEY)]
    return {
        "classes": classes,
        "preselected_in": model.preselects_in(_KEY),
        "ms": round(1e3 * median(seconds for seconds, _ in rounds), 4),
        "us_per_class": round(1e6 * median(seconds for seconds, _ in rounds) / classes, 5),
        "matrix_gflops_per_second": {name: round(rate / 1e9, 1) for name, rate in rates.items()},
        "times_limit": spread([seconds * max(rates.values()) / flops for seconds, rates in rounds]),
        "ms_of_a_member": {n: round(1e3 * _seconds(_ranking(model, members, classes, n)) / n, 4) for n in batches},
        "classes_mib": round(with_classes - before, 1),
        "ranking_mib": round(after - with_classes, 1),
    }


async def _read_catalogue(manifest: Manifest) -> Columns:
    stores = open_stores(Path("feature_repo"))
    registry = Registry(stores.registry)
    registry.refresh()
    online = OnlineFeatures(stores.cells, registry, time.time)
    with ThreadPoolExecutor(1) as executor:
        return (await CatalogueReader(online, executor, time.time).load(manifest)).columns


def _golden_members(manifest: Manifest) -> Columns:
    rows = [golden_columns(manifest, request)[1] for request in manifest.golden_requests]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def _encode(model: Model, catalogue: Columns, classes: int) -> None:
    model.encode_classes(_KEY, {name: column[:classes] for name, column in catalogue.items()}, keep=())


def _ranking(model: Model, members: Columns, classes: int, count: int) -> Callable[[], object]:
    columns = {name: np.resize(column, (count, *column.shape[1:])) for name, column in members.items()}
    candidates = np.ones((count, classes), np.bool_)
    return lambda: model.rank(_KEY, columns, candidates, COUNT)


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
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]))))
