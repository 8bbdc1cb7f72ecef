"""Answers for the served-feature log: of a model that has an input of every kind."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.cells import CellStatus
from contract.columns import to_column
from contract.served import INPUTS
from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from server.domain.results import FeatureRow, ServingMode, Source
from server.ranking.ports import Served, Snapshot
from training.arrow_columns import ColumnReader

_NAMES = pb.ENCODING_VOCABULARY
KINDS: Mapping[str, dict[str, Any]] = {
    "number": {"data_type": pb.DATA_TYPE_FLOAT64, "encoding": pb.ENCODING_NUMERIC},
    "log": {"data_type": pb.DATA_TYPE_INT32, "encoding": pb.ENCODING_LOG},
    "vector": {"data_type": pb.DATA_TYPE_FLOAT32_LIST, "encoding": pb.ENCODING_NUMERIC, "list_length": 2},
    "text": {"data_type": pb.DATA_TYPE_STRING, "encoding": _NAMES},
    "texts": {"data_type": pb.DATA_TYPE_STRING_LIST, "encoding": _NAMES, "list_length": 3},
    "whole": {"data_type": pb.DATA_TYPE_INT64, "encoding": _NAMES},
    "wholes": {"data_type": pb.DATA_TYPE_INT64_LIST, "encoding": _NAMES, "list_length": 2},
}
SIDES = {"member": pb.SOURCE_MEMBER, "class": pb.SOURCE_CLASS, "context": pb.SOURCE_CONTEXT}
text_input = partial(pb.Input, data_type=pb.DATA_TYPE_STRING, encoding=_NAMES)
INPUTS_OF_EVERY_KIND = (
    *(
        pb.Input(name=f"{side}_{kind}", source=source, **of_kind)
        for side, source in SIDES.items()
        for kind, of_kind in KINDS.items()
    ),
    text_input(name="member_id", source=pb.SOURCE_MEMBER_KEY),
    text_input(name="class_id", source=pb.SOURCE_CLASS_KEY),
    pb.Input(
        name="request_time",
        source=pb.SOURCE_REQUEST_TIME,
        data_type=pb.DATA_TYPE_INT64,
        encoding=pb.ENCODING_TIME,
    ),
)
KNOWN = {"member_id": "m1", "request_time": 1_700_000_000}


def manifest(version: int = 3, profiles: Sequence[pb.InputProfile] = ()) -> pb.Manifest:
    """Returns the manifest of the model."""
    source = pb.FeatureSource(member_key="member_id", class_key="class_id")
    return pb.Manifest(
        model_name="ranking",
        version=version,
        feature_source=source,
        inputs=INPUTS_OF_EVERY_KIND,
        input_profiles=profiles,
    )


def catalogue(classes: Sequence[Mapping[str, Any]]) -> Snapshot:
    """Returns a catalogue of classes with these features; what is not given is missing."""
    ids = [f"c{place}" for place in range(len(classes))]
    rows = [{"class_id": name, **row} for name, row in zip(ids, classes, strict=True)]
    columns = {
        spec.name: to_column(spec, [row.get(spec.name) for row in rows])
        for spec in INPUTS_OF_EVERY_KIND
        if spec.source in CLASS_SIDE
    }
    return Snapshot(1, ids, {name: place for place, name in enumerate(ids)}, columns, {}, {})


def served(
    request_id: str,
    of: pb.Manifest,
    snapshot: Snapshot,
    positions: Sequence[int] = (1, 0),
    *,
    status: CellStatus = CellStatus.OK,
    **features: Any,
) -> Served:
    """Returns an answer to the last of two members, who has these features; what is not given is missing."""
    members = [KNOWN, {**KNOWN, **features}]
    columns = {
        spec.name: to_column(spec, [row.get(spec.name) for row in members])
        for spec in INPUTS_OF_EVERY_KIND
        if spec.source not in CLASS_SIDE
    }
    rows = [FeatureRow("activity", status, None if status is CellStatus.MISSING else 60.5)]
    source = Source("ranking", of.version, True, 1, "stable", ServingMode.LIVE, rows)
    return Served(
        request_id=request_id,
        member_id="m1",
        request_time=1_700_000_000,
        manifest=of,
        snapshot=snapshot,
        source=source,
        columns=columns,
        row=1,
        scores=np.linspace(0.9, 0.1, len(positions), dtype=np.float32),
        positions=np.array(positions, np.int32),
    )


def read_inputs(rows: pa.Table) -> dict[str, NDArray[Any]]:
    """Returns the inputs in rows of the log, as a training reads them."""
    struct, reader = rows[INPUTS].combine_chunks(), ColumnReader()
    return {
        spec.name: reader.read(spec, pa.chunked_array([struct.field(spec.name)])) for spec in INPUTS_OF_EVERY_KIND
    }
