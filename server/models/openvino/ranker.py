"""The part of a model that ranks, and the classes that it has encoded."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from contract.indexed import Indexer
from contract.stubs import manifest_pb2 as pb
from server.models.golden import golden_columns
from server.models.openvino.classes import Classes
from server.models.openvino.exact import Exact, ExactParts
from server.models.openvino.graph import Part, Pool, code_of, encoding_of, named
from server.models.openvino.members import MemberEncoder, MemberParts
from server.models.openvino.preselection import Choose, Example, Preselection, ways_of
from server.models.openvino.ranking import Best, Catalogue, rank
from server.models.openvino.sharing import Share
from server.ranking.ports import ROWS_AT_ONCE, Columns

ENCODED_AT_ONCE = 4096
"""How many classes are encoded in one piece: what OpenVINO needs on the way, it keeps."""


@dataclass(frozen=True, slots=True)
class _Functions:
    """What a call needs for itself."""

    members: MemberEncoder
    exact: Exact


class Ranker:
    """Ranks classes for members.

    Args:
        graph: The model's.
        manifest: Its manifest. Without golden requests nothing can be tried, and all is computed in float32.
        indexers: Of the members and of the classes.
        preselected: How many classes the graph's own rough logits have to preselect; 0 if it has none.
        calls_at_once: How many calls are made at a time.
        choose: Decides which ways to preselect classes pay.
        share: Shares what is kept of classes.
    """

    def __init__(
        self,
        graph: ov.Model,
        manifest: pb.Manifest,
        indexers: tuple[Indexer, Indexer],
        preselected: int,
        *,
        calls_at_once: int,
        choose: Choose,
        share: Share,
    ) -> None:
        self._index_members, self._index_classes = indexers
        self._share = share
        members, exact = MemberParts(graph), ExactParts(graph)
        self._code = code_of(graph, "class")
        encoding = Part(encoding_of(graph, "class"))
        self._encoding = Pool([encoding.function() for _ in range(calls_at_once)])
        self._functions = Pool([_Functions(members.encoder(), exact.function()) for _ in range(calls_at_once)])
        self._catalogues: dict[int, Catalogue] = {}
        self._preselection: Preselection | None = None
        if manifest.golden_requests:
            example = self._example(manifest, members.encoder(), exact)
            ways = choose(example, ways_of(graph, preselected, example))
            self._preselection = Preselection(example, ways, calls_at_once, share)

    def encode_classes(self, key: int, columns: Columns, keep: Collection[int]) -> None:
        """Encodes classes and keeps them under `key`; of those kept before, only the keys in `keep` stay."""
        kept = {known: catalogue for known, catalogue in self._catalogues.items() if known in keep}
        classes = self._encoded(columns).shared(self._share)
        scan = self._preselection.scan_of(classes) if self._preselection else None
        self._catalogues = {**kept, key: Catalogue(classes.without_probe(), scan)}

    def preselects_in(self, key: int) -> str:
        """Returns what the classes kept under `key` are preselected in, "float32" if all are scored in it."""
        scan = self._catalogues[key].scan
        return scan.way.name if scan else "float32"

    def rows_at_once(self, key: int) -> int:
        """Returns the most members times classes kept under `key` that are worth a call of `rank`."""
        scan = self._catalogues[key].scan
        return scan.way.rows_at_once if scan else ROWS_AT_ONCE

    def rank(self, key: int, columns: Columns, candidates: NDArray[np.bool_], count: int) -> Best:
        """Ranks the classes kept under `key`; see `server.ranking.ports.Lease.rank`."""
        return self._rank(self._catalogues[key], columns, candidates, count)

    def rank_apart(self, columns: Columns, classes: Columns, candidates: NDArray[np.bool_], count: int) -> None:
        """Ranks classes that are kept under no key, all in float32, to see how long it takes."""
        self._rank(Catalogue(self._encoded(classes)), columns, candidates, count)

    def _rank(self, catalogue: Catalogue, columns: Columns, candidates: NDArray[np.bool_], count: int) -> Best:
        rows = len(candidates)
        inputs = named("member", self._index_members(columns, rows))
        with self._functions.one() as functions:
            return rank(functions.exact, functions.members(inputs, rows), catalogue, candidates, count)

    def _encoded(self, columns: Columns) -> Classes:
        rows = len(next(iter(columns.values())))
        return Classes.of(
            self._code, [self._piece_encoded(columns, start) for start in range(0, max(rows, 1), ENCODED_AT_ONCE)]
        )

    def _piece_encoded(self, columns: Columns, start: int) -> list[NDArray[Any]]:
        piece = {name: column[start : start + ENCODED_AT_ONCE] for name, column in columns.items()}
        rows = len(next(iter(piece.values())))
        with self._encoding.one() as function:
            return [array.copy() for array in function(named("class", self._index_classes(piece, rows)))]

    def _example(self, manifest: pb.Manifest, encoder: MemberEncoder, exact: ExactParts) -> Example:
        """Returns the members and classes of the golden requests."""
        requests = [golden_columns(manifest, request) for request in manifest.golden_requests]
        classes, first = requests[0]
        members = {name: np.concatenate([others[name] for _, others in requests]) for name in first}
        inputs = named("member", self._index_members(members, len(requests)))
        member = {name: array.copy() for name, array in encoder(inputs, len(requests)).items()}
        return Example(exact, exact.function(), member, self._encoded(classes))
