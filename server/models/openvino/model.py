"""A model in OpenVINO, and the classes that it has encoded. Blocks."""

import queue
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.indexed import FOLDER, Indexed, Indexer, read_indexed_model
from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from server.models.openvino.classes import CODE, STATE, Classes
from server.models.openvino.graph import Part, read_graph
from server.models.openvino.ranking import ROWS_AT_ONCE, Best, Functions, rank
from server.ranking.ports import Columns

MEMBER_CODE = ("member_state", "member_wide", "member_crosses")
"""What a member is encoded as; `training.model.side.RankedMember`."""


class Model:
    """One version.

    Args:
        version_dir: Its folder.
        manifest: Its manifest.
        calls_at_once: How many calls are made at a time.
        in_bfloat16: Whether classes are preselected in bfloat16, if a deep part scores them.

    Raises:
        OSError: It has no graph that takes indices.
        google.protobuf.message.DecodeError: The vocabularies can't be read.
        RuntimeError: OpenVINO can't read or compile the graph.
    """

    def __init__(self, version_dir: Path, manifest: pb.Manifest, calls_at_once: int, *, in_bfloat16: bool) -> None:
        vocabularies = read_indexed_model(version_dir)
        self._member = Indexer([i for i in manifest.inputs if i.source not in CLASS_SIDE], vocabularies)
        self._class = Indexer([i for i in manifest.inputs if i.source in CLASS_SIDE], vocabularies)
        self._is_ranking = manifest.HasField("feature_source")
        graph = read_graph(version_dir / FOLDER)
        parts = {"score": Part(graph, ["row_scores"])}
        if self._is_ranking:
            parts["rank"] = Part(graph, ["logits", "scores"])
            parts["members"] = Part(graph, [f"encoded_{name}" for name in MEMBER_CODE])
            parts["classes"] = Part(graph, [f"encoded_{name}" for name in CODE])
        self._in_bfloat16 = in_bfloat16 and self._is_ranking and STATE in parts["rank"].inputs
        if self._in_bfloat16:
            parts["preselect"] = Part(graph, ["logits"], in_bfloat16=[STATE])
        self._sets: queue.SimpleQueue[Functions] = queue.SimpleQueue()
        for _ in range(calls_at_once):
            self._sets.put({name: part.function() for name, part in parts.items()})
        self._classes: dict[int, Classes] = {}

    def encode_classes(self, key: int, columns: Columns, keep: Collection[int]) -> None:
        """Encodes classes and keeps them under `key`; of those kept before, only the keys in `keep` stay."""
        kept = {known: classes for known, classes in self._classes.items() if known in keep}
        self._classes = {**kept, key: self._encoded(columns)}

    def rank(self, key: int, columns: Columns, candidates: NDArray[np.bool_], count: int) -> Best:
        """Ranks the classes kept under `key`; see `server.ranking.ports.Lease.rank`."""
        return self._rank(self._classes[key], columns, candidates, count)

    def score(self, columns: Columns) -> NDArray[np.float32]:
        """Returns the score of each row ``[rows]``; texts may be bytes."""
        rows = len(next(iter(columns.values())))
        arrays = _named("member", self._member(columns, rows))
        if self._is_ranking:
            arrays |= _named("class", self._class(columns, rows))
        with self._functions() as functions:
            (scores,) = functions["score"](arrays)
            return scores.copy()

    def rank_apart(self, columns: Columns, classes: Columns, candidates: NDArray[np.bool_], count: int) -> None:
        """Ranks classes that are kept under no key, to see how long it takes."""
        self._rank(self._encoded(classes), columns, candidates, count)

    def _rank(self, classes: Classes, columns: Columns, candidates: NDArray[np.bool_], count: int) -> Best:
        inputs = _named("member", self._member(columns, len(candidates)))
        with self._functions() as functions:
            member = dict(zip(MEMBER_CODE, functions["members"](inputs), strict=True))
            return rank(functions, member, classes, candidates, count)

    def _encoded(self, columns: Columns) -> Classes:
        """Returns classes encoded, some at a time: what OpenVINO needs on the way, it keeps."""
        rows = len(next(iter(columns.values())))
        pieces = [
            self._piece_encoded({name: column[start : start + ROWS_AT_ONCE] for name, column in columns.items()})
            for start in range(0, max(rows, 1), ROWS_AT_ONCE)
        ]
        return Classes.of(pieces, with_bfloat16=self._in_bfloat16)

    def _piece_encoded(self, columns: Columns) -> list[NDArray[Any]]:
        rows = len(next(iter(columns.values())))
        with self._functions() as functions:
            return [array.copy() for array in functions["classes"](_named("class", self._class(columns, rows)))]

    @contextmanager
    def _functions(self) -> Iterator[Functions]:
        """Yields functions that no other call uses meanwhile."""
        functions = self._sets.get()
        try:
            yield functions
        finally:
            self._sets.put(functions)


def _named(side: str, indexed: Indexed) -> dict[str, NDArray[Any]]:
    return {f"{side}_categories": indexed.categories, f"{side}_numbers": indexed.numbers}
