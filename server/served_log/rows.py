"""Answers as rows: one for each class, with every input exactly as the model got it.

==================== ===============================================================================
column               what
==================== ===============================================================================
request_id           that of the response, which events carry, too
request_time         the moment that the ranking was for
member_id, class_id  who was shown what
position             on the page, from 0
score                the model's
model, version, arm  what answered
serving_mode         LIVE, LAST_KNOWN or DEFAULTS
contract             see `contract.served.contract_hash`
feature_rows         the member's rows by view: the status and the age in seconds of each
inputs               a struct of the model's inputs, null for what stands for a missing value
==================== ===============================================================================
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.columns import column_dtype, missing_marker
from contract.served import INPUTS, contract_hash
from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from server.domain.results import FeatureRow
from server.ranking.ports import Columns, Served

_FEATURE_ROWS = pa.list_(pa.struct({"view": pa.string(), "status": pa.string(), "age_seconds": pa.float64()}))


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of some answers by one version, and the inputs that they have."""

    contract: str
    table: pa.Table
    answer_count: int
    answer_inputs: Columns
    """Those of the member and the request, ``[answers]``."""
    class_inputs: Columns
    """Those of the classes, ``[rows]``."""


class RowMaker:
    """Makes the rows of one version.

    Args:
        manifest: Its manifest.
    """

    def __init__(self, manifest: pb.Manifest) -> None:
        specs = sorted(manifest.inputs, key=lambda spec: spec.name)
        self.contract = contract_hash(manifest.feature_source, specs, manifest.on_demand_views)
        self._specs = specs
        self._of_class = [spec.name for spec in specs if spec.source in CLASS_SIDE]
        self._of_answer = [spec.name for spec in specs if spec.source not in CLASS_SIDE]

    def rows(self, served: Sequence[Served]) -> Rows:
        """Returns the rows of answers, in their order; at least one answer, all by the version."""
        counts = np.array([len(one.positions) for one in served])
        of_answer = {
            name: np.concatenate([one.columns[name][one.row : one.row + 1] for one in served])
            for name in self._of_answer
        }
        of_class = {
            name: np.concatenate([one.snapshot.columns[name][one.positions] for one in served])
            for name in self._of_class
        }
        answers = np.repeat(np.arange(len(served)), counts)
        inputs = of_class | {name: column[answers] for name, column in of_answer.items()}
        columns = {**_fixed(served, answers, self.contract), INPUTS: self._struct(inputs)}
        return Rows(self.contract, pa.table(columns), len(served), of_answer, of_class)

    def _struct(self, inputs: Mapping[str, NDArray[Any]]) -> pa.StructArray:
        arrays = [_to_arrow(spec, inputs[spec.name]) for spec in self._specs]
        return pa.StructArray.from_arrays(arrays, [spec.name for spec in self._specs])


def _fixed(served: Sequence[Served], answers: NDArray[np.int64], contract: str) -> dict[str, pa.Array]:
    """Returns the columns that all versions have.

    Args:
        served: The answers.
        answers: Which of them each row is of, ``[rows]``.
        contract: The contract of the version.
    """

    def of_answers(kind: pa.DataType, value: Callable[[Served], Any]) -> pa.Array:
        return pa.array([value(one) for one in served], kind).take(pa.array(answers))

    ids = [one.snapshot.class_ids[position] for one in served for position in one.positions.tolist()]
    return {
        "request_id": of_answers(pa.string(), lambda one: one.request_id),
        "request_time": of_answers(pa.timestamp("us", "UTC"), lambda one: one.request_time * 1_000_000),
        "member_id": of_answers(pa.string(), lambda one: one.member_id),
        "class_id": pa.array(ids, pa.string()),
        "position": pa.array(np.concatenate([np.arange(len(one.positions)) for one in served]), pa.int32()),
        "score": pa.array(np.concatenate([one.scores for one in served]), pa.float32()),
        "model": of_answers(pa.string(), lambda one: one.source.model_name),
        "version": of_answers(pa.int64(), lambda one: one.source.version),
        "arm": of_answers(pa.string(), lambda one: one.source.arm),
        "serving_mode": of_answers(pa.string(), lambda one: one.source.serving_mode.name),
        "contract": pa.array([contract] * len(ids), pa.string()),
        "feature_rows": of_answers(_FEATURE_ROWS, lambda one: list(map(_feature_row, one.source.feature_rows))),
    }


def _feature_row(row: FeatureRow) -> dict[str, Any]:
    return {"view": row.view, "status": row.status.name, "age_seconds": row.age_seconds}


def _to_arrow(spec: pb.Input, column: NDArray[Any]) -> pa.Array:
    """Returns a column ``[rows]`` or ``[rows, list_length]``, null where it has the missing marker."""
    flat, dtype = column.reshape(-1), column_dtype(spec)
    is_missing = np.isnan(flat) if dtype is np.float32 else np.asarray(flat == missing_marker(spec))
    kind = pa.string() if dtype is object else pa.from_numpy_dtype(dtype)
    array = pa.array(flat, kind, mask=is_missing)
    if not spec.list_length:
        return array
    ends = np.arange(len(column) + 1, dtype=np.int32) * spec.list_length
    return pa.ListArray.from_arrays(pa.array(ends), array)
