"""A model in OpenVINO. Blocks."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.indexed import FOLDER, Indexer, read_indexed_model
from contract.sides import CLASS_SIDE
from contract.stubs import manifest_pb2 as pb
from server.models.openvino.graph import Part, Pool, cut, named, read_graph
from server.models.openvino.preselection import Choose, quickest
from server.models.openvino.ranker import Ranker
from server.models.openvino.ranking import Best
from server.models.openvino.sharing import Share, apart
from server.ranking.ports import Columns


class Model:
    """One version.

    Args:
        version_dir: Its folder.
        manifest: Its manifest.
        calls_at_once: How many calls are made at a time.
        choose: Decides which ways to preselect classes pay.
        share: Shares what is kept of classes.

    Raises:
        OSError: It has no graph that takes indices.
        google.protobuf.message.DecodeError: The vocabularies can't be read.
        RuntimeError: OpenVINO can't read or compile the graph.
    """

    def __init__(
        self,
        version_dir: Path,
        manifest: pb.Manifest,
        calls_at_once: int,
        choose: Choose = quickest,
        share: Share = apart,
    ) -> None:
        vocabularies = read_indexed_model(version_dir)
        self._member = Indexer([i for i in manifest.inputs if i.source not in CLASS_SIDE], vocabularies)
        self._class = Indexer([i for i in manifest.inputs if i.source in CLASS_SIDE], vocabularies)
        indexers = self._member, self._class
        graph = read_graph(version_dir / FOLDER)
        part = Part(cut(graph, ["row_scores"]))
        self._scores = Pool([part.function() for _ in range(calls_at_once)])
        self._ranker: Ranker | None = None
        if manifest.HasField("feature_source"):
            self._ranker = Ranker(
                graph,
                manifest,
                indexers,
                vocabularies.preselected,
                calls_at_once=calls_at_once,
                choose=choose,
                share=share,
            )

    def encode_classes(self, key: int, columns: Columns, keep: Collection[int]) -> None:
        """Encodes classes and keeps them under `key`; of those kept before, only the keys in `keep` stay."""
        self._ranking.encode_classes(key, columns, keep)

    def preselects_in(self, key: int) -> str:
        """Returns what the classes kept under `key` are preselected in, "float32" if all are scored in it."""
        return self._ranking.preselects_in(key)

    def rows_at_once(self, key: int) -> int:
        """Returns the most members times classes kept under `key` that are worth a call of `rank`."""
        return self._ranking.rows_at_once(key)

    def rank(self, key: int, columns: Columns, candidates: NDArray[np.bool_], count: int) -> Best:
        """Ranks the classes kept under `key`; see `server.ranking.ports.Lease.rank`."""
        return self._ranking.rank(key, columns, candidates, count)

    def rank_apart(self, columns: Columns, classes: Columns, candidates: NDArray[np.bool_], count: int) -> None:
        """Ranks classes that are kept under no key, to see how long it takes."""
        self._ranking.rank_apart(columns, classes, candidates, count)

    def score(self, columns: Columns) -> NDArray[np.float32]:
        """Returns the score of each row ``[rows]``; texts may be bytes."""
        rows = len(next(iter(columns.values())))
        arrays = named("member", self._member(columns, rows))
        if self._ranker:
            arrays |= named("class", self._class(columns, rows))
        with self._scores.one() as function:
            (scores,) = function(arrays)
            return scores.copy()

    @property
    def _ranking(self) -> Ranker:
        if self._ranker is None:
            raise RuntimeError("the model has no classes to rank")
        return self._ranker
