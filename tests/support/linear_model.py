"""A tiny ranking model in numpy: ``logit = weight * liking * minutes / 60``, and 0.5 more on the home surface.

The other inputs are there to be carried, and have no effect.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import to_column, to_message
from contract.manifest import write_manifest
from contract.stubs import manifest_pb2 as pb
from server.ranking.ports import Columns, Snapshot

_text = partial(pb.Input, data_type=pb.DATA_TYPE_STRING, encoding=pb.ENCODING_VOCABULARY)
_number = partial(pb.Input, data_type=pb.DATA_TYPE_FLOAT32, encoding=pb.ENCODING_NUMERIC)
_texts = partial(pb.Input, data_type=pb.DATA_TYPE_STRING_LIST, encoding=pb.ENCODING_VOCABULARY, list_length=2)
_time = partial(pb.Input, data_type=pb.DATA_TYPE_INT64, encoding=pb.ENCODING_TIME)

MEMBER_SIDE = (
    _text(name="member_id", source=pb.SOURCE_MEMBER_KEY),
    _number(name="liking", source=pb.SOURCE_MEMBER, feature_view="members"),
    _text(name="surface", source=pb.SOURCE_CONTEXT),
    _time(name="request_time", source=pb.SOURCE_REQUEST_TIME),
)
CLASS_SIDE = (
    _text(name="class_id", source=pb.SOURCE_CLASS_KEY),
    _number(name="minutes", source=pb.SOURCE_CLASS, feature_view="classes"),
    _texts(name="genres", source=pb.SOURCE_CLASS, feature_view="classes"),
)

WriteModel = Callable[[Path, float], None]
"""Writes the files of a model with a weight into a version's folder."""


def member_columns(liking: float = 1.0, surface: str = "home") -> dict[str, NDArray[Any]]:
    """Returns the inputs of one member that are not of the class side."""
    values = {"member_id": "m1", "liking": liking, "surface": surface, "request_time": 1_700_000_000}
    return {spec.name: to_column(spec, [values[spec.name]]) for spec in MEMBER_SIDE}


def class_columns(minutes: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """Returns the class side of classes that last so long."""
    values = {
        "class_id": [f"c{position}" for position in range(len(minutes))],
        "minutes": minutes.tolist(),
        "genres": [["pop"]] * len(minutes),
    }
    return {spec.name: to_column(spec, values[spec.name]) for spec in CLASS_SIDE}


def snapshot(generation: int, minutes: NDArray[np.float32]) -> Snapshot:
    """Returns a catalogue of classes that last so long."""
    columns = class_columns(minutes)
    ids = columns["class_id"].tolist()
    return Snapshot(generation, ids, {name: place for place, name in enumerate(ids)}, columns, {}, {})


def scores(weight: float, columns: Columns) -> NDArray[np.float32]:
    """Returns the probability of each row."""
    logits = weight * columns["liking"] * columns["minutes"] / 60 + 0.5 * (columns["surface"] == "home")
    probabilities: NDArray[np.float32] = (1 / (1 + np.exp(-logits.astype(np.float64)))).astype(np.float32)
    return probabilities


def ranking(
    weight: float, columns: Columns, classes: Columns, candidates: NDArray[np.bool_], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Returns what `rank` has to answer."""
    members = {name: column[:, None] for name, column in columns.items()}
    probabilities = np.where(candidates, scores(weight, {**members, **classes}), np.float32(-1))
    positions = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    best = np.take_along_axis(probabilities, positions, axis=1)
    return best, np.where(best < 0, -1, positions).astype(np.int32)


def manifest(version: int, weight: float, *, model_name: str = "classes") -> pb.Manifest:
    """Returns the manifest of the model, with one golden request of three classes."""
    member, classes = member_columns(), class_columns(np.array([20, 45, 30], dtype=np.float32))
    golden = pb.GoldenRequest(scores=scores(weight, {**member, **classes}).tolist())
    golden.columns.extend(to_message(spec, member[spec.name]) for spec in MEMBER_SIDE)
    golden.columns.extend(to_message(spec, classes[spec.name]) for spec in CLASS_SIDE)
    return pb.Manifest(
        model_name=model_name,
        version=version,
        feature_source=pb.FeatureSource(
            feature_service="ranking", member_key="member_id", class_key="class_id", catalogue_view="live"
        ),
        inputs=[*MEMBER_SIDE, *CLASS_SIDE],
        golden_requests=[golden],
        score_tolerance=1e-5,
    )


def publish(
    model_dir: Path, version: int, weight: float, write_model: WriteModel, *, promised: float | None = None
) -> Path:
    """Publishes a version and returns its folder.

    Args:
        model_dir: The folder of the model.
        version: The version.
        weight: The weight of the model.
        write_model: Writes the model's files.
        promised: The weight that the golden request is scored with, if another.
    """
    version_dir = model_dir / str(version)
    version_dir.mkdir(parents=True, exist_ok=True)
    write_model(version_dir, weight)
    write_manifest(
        version_dir, manifest(version, weight if promised is None else promised, model_name=model_dir.name)
    )
    return version_dir
