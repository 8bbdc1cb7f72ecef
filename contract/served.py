"""The served-feature log: what was answered and the exact inputs that it was made from, read back for training.

``<data>/served/date=<day>/<contract>-<writer>-<number>.parquet``, each file of one contract, whose columns are in
`server.served_log.rows`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from contract.stubs.manifest_pb2 import FeatureSource, Input, OnDemandView

FOLDER = "served"
INPUTS = "inputs"
"""The column that holds the model's inputs, a struct with a field for each."""

_DAY = re.compile(r"date=(\d{4}-\d{2}-\d{2})")
_CONTRACT_DIGITS = 16


@dataclass(frozen=True, slots=True)
class ServedFile:
    """One file of the log."""

    path: Path
    day: date
    """The day on which it was written, in UTC."""
    contract: str


def contract_hash(source: FeatureSource, inputs: Iterable[Input], views: Iterable[OnDemandView] = ()) -> str:
    """Returns a text that is the same for models whose inputs mean the same.

    Of each input, where it is from, until what age it counts, and its array; of those that on-demand views
    compute, the function and what it is given, too. What a model takes for a missing value and which vocabulary it
    uses are its own, and not in it.
    """
    computed = sorted([view.name, view.function, [_meaning(i) for i in view.inputs]] for view in views)
    read = sorted(_meaning(i) for i in inputs)
    document = json.dumps([source.member_key, source.class_key, read, *computed])
    return hashlib.sha256(document.encode()).hexdigest()[:_CONTRACT_DIGITS]


def _meaning(spec: Input) -> list[str | int]:
    """Returns where an input is from, what counts as its value, and its array."""
    origin: list[str | int] = [spec.name, spec.source, spec.feature_view, spec.ttl_seconds, spec.missing_policy]
    return [*origin, spec.data_type, spec.encoding, spec.list_length]


def served_files(folder: Path) -> Iterator[ServedFile]:
    """Yields the files of a log, from the oldest day; none of those that are still being written."""
    for path in sorted(folder.glob("date=*/*.parquet")):
        day = _DAY.fullmatch(path.parent.name)
        if day and not path.name.startswith("."):
            yield ServedFile(path, date.fromisoformat(day[1]), path.name.partition("-")[0])
