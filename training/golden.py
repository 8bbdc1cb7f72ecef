"""Golden requests: real rows with the scores of the exported model, replayed before a version serves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import missing_marker, to_message
from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from training.table import Columns, Scorer, Table

SCORE_TOLERANCE = 1e-5
"""The largest difference between a golden probability and a served one: what reordering a float32 sum may cost."""

KNOWN_MEMBERS = 4
CLASSES = 63
"""With one without features, enough for a server to see how large the numbers become that it keeps in 8 bits."""
FLAT_ROWS = 24


def ranking_requests(inputs: Sequence[pb.Input], source: pb.FeatureSource, table: Table) -> list[Columns]:
    """Returns requests of a few members, one of them unknown, for a few classes, one of them without features.

    The columns of the class side have a row for each class, all others a single row.

    Args:
        inputs: The inputs of the model.
        source: Which of them are the keys.
        table: The rows to take members and classes from.
    """
    classes = _spread(_first_rows(table.columns[source.class_key]), CLASSES)
    members = _spread(_first_rows(table.columns[source.member_key]), KNOWN_MEMBERS)
    class_side = {
        spec.name: _with_missing(spec, table.columns[spec.name][classes])
        for spec in inputs
        if spec.source in CLASS_SIDE
    }
    others = [spec for spec in inputs if spec.source not in CLASS_SIDE]
    requests = [{spec.name: table.columns[spec.name][[row]] for spec in others} | class_side for row in members]
    unknown = {spec.name: _missing_row(spec, table.columns[spec.name][members[:1]]) for spec in others}
    return [*requests, unknown | class_side]


def flat_requests(inputs: Sequence[pb.Input], table: Table) -> list[Columns]:
    """Returns one request of a few rows, the last without any value."""
    rows = _spread(np.arange(len(table)), FLAT_ROWS)
    return [{spec.name: _with_missing(spec, table.columns[spec.name][rows]) for spec in inputs}]


def score_requests(
    inputs: Sequence[pb.Input], requests: Sequence[Columns], scorer: Scorer
) -> list[pb.GoldenRequest]:
    """Returns the requests as messages, with the scores that the scorer gives them."""
    return [
        pb.GoldenRequest(
            columns=[to_message(spec, request[spec.name]) for spec in inputs],
            scores=scorer(broadcast(request)).tolist(),
        )
        for request in requests
    ]


def score_tolerance(scores: NDArray[np.float32]) -> float:
    """Returns the largest difference between scores like these and served ones, more with scores above 1."""
    return SCORE_TOLERANCE * max(1.0, float(np.abs(scores).max()))


def broadcast(request: Columns) -> Columns:
    """Returns the columns of a request with all its single rows repeated to the longest, ``[rows, ...]``."""
    rows = max(map(len, request.values()))
    return {
        name: column if len(column) == rows else np.repeat(column, rows, axis=0)
        for name, column in request.items()
    }


def _first_rows(ids: NDArray[Any]) -> NDArray[np.int64]:
    """Returns the first row of each id, in the order of the ids."""
    return np.unique(ids.astype(str), return_index=True)[1]


def _spread(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Returns `count` of the rows, evenly spread; all where there are fewer."""
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).astype(np.int64)]


def _with_missing(spec: pb.Input, column: NDArray[Any]) -> NDArray[Any]:
    """Appends a row without a value."""
    return np.concatenate([column, _missing_row(spec, column[:1])])


def _missing_row(spec: pb.Input, row: NDArray[Any]) -> NDArray[Any]:
    """Returns the row with every value missing; the request time, which every request has, is kept."""
    if spec.source == pb.SOURCE_REQUEST_TIME:
        return row
    return np.full_like(row, missing_marker(spec))
