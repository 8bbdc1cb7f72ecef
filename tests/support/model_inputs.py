"""Inputs of every kind, and tables drawn from known laws. Without TensorFlow."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import to_column
from contract.stubs import manifest_pb2 as pb
from training.table import Table

Columns = dict[str, NDArray[Any]]


def number(name: str, source: int = pb.SOURCE_COLUMN, **fields: Any) -> pb.Input:
    return _input(name, source, pb.DATA_TYPE_FLOAT64, pb.ENCODING_NUMERIC, fields)


def log_number(name: str, source: int = pb.SOURCE_COLUMN, **fields: Any) -> pb.Input:
    return _input(name, source, pb.DATA_TYPE_INT64, pb.ENCODING_LOG, fields)


def vector(name: str, length: int, source: int = pb.SOURCE_COLUMN, **fields: Any) -> pb.Input:
    return _input(name, source, pb.DATA_TYPE_FLOAT32_LIST, pb.ENCODING_NUMERIC, {**fields, "list_length": length})


def text(name: str, source: int = pb.SOURCE_COLUMN, **fields: Any) -> pb.Input:
    return _input(name, source, pb.DATA_TYPE_STRING, pb.ENCODING_VOCABULARY, fields)


def texts(name: str, length: int, source: int = pb.SOURCE_COLUMN, **fields: Any) -> pb.Input:
    return _input(
        name, source, pb.DATA_TYPE_STRING_LIST, pb.ENCODING_VOCABULARY, {**fields, "list_length": length}
    )


def whole(name: str, source: int = pb.SOURCE_COLUMN, **fields: Any) -> pb.Input:
    return _input(name, source, pb.DATA_TYPE_INT64, pb.ENCODING_VOCABULARY, fields)


def request_time() -> pb.Input:
    return _input("request_time", pb.SOURCE_REQUEST_TIME, pb.DATA_TYPE_INT64, pb.ENCODING_TIME, {})


def _input(name: str, source: Any, data_type: Any, encoding: Any, fields: Mapping[str, Any]) -> pb.Input:
    return pb.Input(name=name, source=source, data_type=data_type, encoding=encoding, **fields)


RANKING_INPUTS = [
    text("member_id", pb.SOURCE_MEMBER_KEY),
    text("country", pb.SOURCE_MEMBER, default_text="nl"),
    texts("preferred_times", 3, pb.SOURCE_MEMBER),
    texts("recent_class_ids", 4, pb.SOURCE_MEMBER, vocabulary_of="class_id"),
    whole("plan", pb.SOURCE_MEMBER, default_number=2),
    log_number("start_count", pb.SOURCE_MEMBER, default_number=0),
    text("surface", pb.SOURCE_CONTEXT),
    request_time(),
    text("class_id", pb.SOURCE_CLASS_KEY),
    text("discipline", pb.SOURCE_CLASS),
    texts("music_genres", 2, pb.SOURCE_CLASS),
    number("minutes", pb.SOURCE_CLASS),
    vector("taste", 3, pb.SOURCE_CLASS),
]
"""A ranking model's inputs, with one of every kind."""
CLASS_SIDE = [i for i in RANKING_INPUTS if i.source in (pb.SOURCE_CLASS, pb.SOURCE_CLASS_KEY)]
MEMBER_SIDE = [i for i in RANKING_INPUTS if i not in CLASS_SIDE]
CROSSES = [
    ["country", "discipline"],
    ["preferred_times", "discipline"],
    ["request_time.hour", "minutes", "music_genres"],
    ["surface", "plan"],
    ["discipline", "class_id"],
]
"""Crosses of the sides, with a list on either, and crosses within each side."""


def draw_members(count: int, seed: int) -> Columns:
    """Returns members, some of whom no other seed draws, with a share of every feature missing."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = {
        "member_id": [f"m{i}" for i in rng.integers(0, 300, count)],
        "country": _some(rng, ["nl", "de", "be", None, f"land{seed}"], count),
        "preferred_times": _lists(rng, ["morning", "noon", "evening"], 4, count),
        "recent_class_ids": _lists(rng, [f"c{i}" for i in range(60)], 6, count),
        "plan": _some(rng, [1, 2, 3, None, seed + 100], count),
        "start_count": _some(rng, [None, *range(30)], count),
        "surface": _some(rng, ["home", "search", None], count),
        "request_time": [int(i) for i in rng.integers(1_780_000_000, 1_790_000_000, count)],
    }
    return {spec.name: to_column(spec, rows[spec.name]) for spec in MEMBER_SIDE}


def draw_classes(count: int, seed: int) -> Columns:
    """Returns classes with a share of every feature missing."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = {
        "class_id": [f"c{i}" for i in rng.integers(0, 60, count)],
        "discipline": _some(rng, ["yoga", "run", "row", None], count),
        "music_genres": _lists(rng, ["pop", "rock", "jazz"], 3, count),
        "minutes": _some(rng, [None, 10.0, 20.0, 30.0, 45.0, 60.0], count),
        "taste": [None if rng.random() < 0.2 else rng.normal(size=3).tolist() for _ in range(count)],
    }
    return {spec.name: to_column(spec, rows[spec.name]) for spec in CLASS_SIDE}


def draw_rows(count: int, seed: int) -> Table:
    """Returns rows whose label is likely where the member's country and the class's discipline go together."""
    rng = np.random.default_rng(seed)
    columns = draw_members(count, seed) | draw_classes(count, seed + 1)
    is_match = (columns["country"] == "nl") == (columns["discipline"] == "yoga")
    return Table(columns, draw_labels(np.where(is_match, 1.0, -1.5), rng))


def draw_labels(logits: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns labels that are 1 with the probability of the logits."""
    return (rng.random(len(logits)) < 1 / (1 + np.exp(-logits))).astype(np.float32)


def _some(rng: np.random.Generator, values: list[Any], count: int) -> list[Any]:
    return [values[i] for i in rng.integers(0, len(values), count)]


def _lists(rng: np.random.Generator, values: list[Any], longest: int, count: int) -> list[Any]:
    return [None if n == 0 else _some(rng, values, n) for n in rng.integers(0, longest + 1, count)]
