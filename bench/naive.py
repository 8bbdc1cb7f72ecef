"""The straightforward build: Feast's `get_online_features` for the member and every class, then the model.

Run as ``python -m bench.naive REPO PROFILE VERSION_DIR CLASS_IDS_FILE PORT``. The same SavedModel answers, by its
default signature, with a row for each class; the class ids are given, as a Feast store can't list them.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time
from typing import Any

import grpc
import numpy as np
import tensorflow as tf

from bench.echo import METHOD, SERVICE
from contract.columns import to_column
from contract.manifest import read_manifest
from contract.stubs import manifest_pb2 as pb
from paceline.v1.recommendation_service_pb2 import RankedClass, RecommendClassesRequest, RecommendClassesResponse
from server.features.store import open_store


class Naive:
    """Ranks as one would at first."""

    def __init__(self, repo: Path, profile: str, version_dir: Path, class_ids: Sequence[str]) -> None:
        self._manifest = read_manifest(version_dir)
        self._store = open_store(repo, profile)
        self._service = self._store.get_feature_service(self._manifest.feature_source.feature_service)
        self._model = tf.saved_model.load(str(version_dir))
        self._class_ids = class_ids

    def recommend(self, request: RecommendClassesRequest, _context: object) -> RecommendClassesResponse:
        """Returns the best classes of all."""
        source = self._manifest.feature_source
        rows = [{source.member_key: request.member_id, source.class_key: id_} for id_ in self._class_ids]
        features = self._store.get_online_features(features=self._service, entity_rows=rows).to_dict()
        inputs = {spec.name: tf.constant(self._column(spec, features)) for spec in self._manifest.inputs}
        scores = self._model.signatures["serving_default"](**inputs)["score"].numpy()
        best = np.argsort(-scores, kind="stable")[: request.page_size]
        classes = [RankedClass(class_id=self._class_ids[place], score=scores[place]) for place in best]
        return RecommendClassesResponse(classes=classes)

    def _column(self, spec: pb.Input, features: dict[str, list[Any]]) -> Any:
        if spec.source == pb.SOURCE_REQUEST_TIME:
            return np.full(len(self._class_ids), int(time()), np.int64)
        return to_column(spec, features.get(spec.name, [None] * len(self._class_ids)))


def main(repo: str, profile: str, version_dir: str, class_ids: str, port: str) -> None:
    """Serves until the process is ended."""
    server = grpc.server(ThreadPoolExecutor(4))
    naive = Naive(Path(repo), profile, Path(version_dir), Path(class_ids).read_text().split())
    handler: grpc.RpcMethodHandler[RecommendClassesRequest, RecommendClassesResponse]
    handler = grpc.unary_unary_rpc_method_handler(
        naive.recommend, RecommendClassesRequest.FromString, RecommendClassesResponse.SerializeToString
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
