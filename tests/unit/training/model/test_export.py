from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from tensorflow.core.protobuf import saved_model_pb2

from contract.columns import column_dtype, missing_marker
from contract.stubs import manifest_pb2 as pb
from tests.support.model_inputs import (
    CLASS_SIDE,
    MEMBER_SIDE,
    RANKING_INPUTS,
    Columns,
    draw_classes,
    draw_members,
    draw_rows,
    number,
    text,
)
from training.model.fit import fit
from training.model.fitted import FittedModel
from training.model.spec import ModelSpec
from training.table import Table

pytestmark = pytest.mark.slow

UNSEEN = 77
"""A seed whose members have values that training never saw."""


class Exported:
    """A model and the SavedModel that it wrote."""

    def __init__(self, model: FittedModel, directory: Path) -> None:
        model.export(directory)
        self.model = model
        self.directory = directory
        self.loaded = tf.saved_model.load(str(directory))

    def call(self, signature: str, arguments: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        tensors = {name: tf.constant(value) for name, value in arguments.items()}
        return {name: out.numpy() for name, out in self.loaded.signatures[signature](**tensors).items()}

    def rank(self, members: Columns, classes: Columns, candidates: Any, count: int) -> dict[str, NDArray[Any]]:
        question = {"candidates": candidates, "count": np.int32(count)}
        return self.call("rank", {**members, **self.call("encode_classes", classes), **question})


@pytest.fixture(scope="module")
def exported(
    ranking_model: Callable[[str], FittedModel], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Exported]:
    """Exports a ranking model with both parts or one of them, once each."""
    done: dict[str, Exported] = {}

    def export_once(parts: str) -> Exported:
        if parts not in done:
            done[parts] = Exported(ranking_model(parts), tmp_path_factory.mktemp(parts) / "1")
        return done[parts]

    return export_once


def _pairs(members: Columns, classes: Columns) -> Columns:
    """Returns a row for each member with each class."""
    i, j = (places.ravel() for places in np.indices((_rows(members), _rows(classes))))
    return {k: v[i] for k, v in members.items()} | {k: v[j] for k, v in classes.items()}


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _nothing(specs: list[pb.Input]) -> Columns:
    """Returns one row whose every value is missing."""
    shapes = {spec.name: (1, spec.list_length) if spec.list_length else (1,) for spec in specs}
    return {s.name: np.full(shapes[s.name], missing_marker(s), dtype=column_dtype(s)) for s in specs}


@pytest.mark.parametrize("parts", ["both", "wide", "deep"])
def test_rank_and_serving_default_and_predict_agree(exported: Callable[[str], Exported], parts: str) -> None:
    """For hundreds of members, some unknown and one without a single value, and classes alike."""
    model = exported(parts)
    members = {k: np.concatenate([v, _nothing(MEMBER_SIDE)[k]]) for k, v in draw_members(300, UNSEEN).items()}
    classes = {k: np.concatenate([v, _nothing(CLASS_SIDE)[k]]) for k, v in draw_classes(40, UNSEEN).items()}
    members["member_id"][:50] = [f"stranger{i}" for i in range(50)]
    rows = _pairs(members, classes)

    expected = model.model.predict(rows)
    served = model.call("serving_default", rows)["score"]
    ranked = model.rank(members, classes, np.ones((301, 41), bool), 41)

    scores = np.empty((301, 41), np.float32)
    np.put_along_axis(scores, ranked["positions"], ranked["scores"], axis=1)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(served, expected, atol=1e-6)
    np.testing.assert_allclose(scores.ravel(), expected, atol=1e-5)
    assert (np.diff(ranked["scores"]) <= 0).all()
    assert len(np.unique(expected.round(4))) > 20


def _anything(spec: pb.Input, rows: int) -> st.SearchStrategy[NDArray[Any]]:
    """Draws a column of whatever a caller may send."""
    shape = (rows, spec.list_length) if spec.list_length else (rows,)
    dtype = column_dtype(spec)
    if dtype is object:
        texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
        return arrays(object, shape, elements=st.sampled_from(["", "nl", "yoga", "c1"]) | texts)
    if dtype is np.float32:
        return arrays(dtype, shape, elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan))
    most = 2**40 if spec.encoding == pb.ENCODING_TIME else 2**63 - 1
    return arrays(dtype, shape, elements=st.integers(-most, most))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    members=st.fixed_dictionaries({spec.name: _anything(spec, 2) for spec in MEMBER_SIDE}),
    classes=st.fixed_dictionaries({spec.name: _anything(spec, 3) for spec in CLASS_SIDE}),
)
def test_rank_and_serving_default_agree_whatever_is_sent(
    exported: Callable[[str], Exported], members: Columns, classes: Columns
) -> None:
    model = exported("both")
    served = model.call("serving_default", _pairs(members, classes))["score"].reshape(2, 3)
    ranked = model.rank(members, classes, np.ones((2, 3), bool), 3)
    np.testing.assert_allclose(ranked["scores"], np.take_along_axis(served, ranked["positions"], 1), atol=1e-5)


def test_batch_norm_is_folded_into_the_exported_weights(exported: Callable[[str], Exported]) -> None:
    """The model with the deep part only was trained with it."""
    written = saved_model_pb2.SavedModel.FromString((exported("deep").directory / "saved_model.pb").read_bytes())

    library = written.meta_graphs[0].graph_def.library
    operations = {node.op for function in library.function for node in function.node_def}
    assert "MatMul" in operations
    assert not operations & {"Rsqrt", "FusedBatchNormV3"}
    names = {name for name, _ in tf.train.list_variables(str(exported("deep").directory / "variables/variables"))}
    assert not [name for name in names if "norm" in name or "moving" in name]


def test_only_candidates_are_ranked_and_the_rest_filled_up(exported: Callable[[str], Exported]) -> None:
    members, classes = draw_members(2, UNSEEN), draw_classes(5, UNSEEN)
    candidates = np.array([[False, True, False, True, True], [False] * 5])

    ranked = exported("both").rank(members, classes, candidates, 4)

    assert sorted(ranked["positions"][0]) == [-1, 1, 3, 4]
    assert ranked["positions"][0, 3] == ranked["scores"][0, 3] == -1
    assert (ranked["positions"][1] == -1).all()
    assert (ranked["scores"][1] == -1).all()


def test_equal_classes_are_ranked_by_position(exported: Callable[[str], Exported]) -> None:
    classes = {name: np.repeat(column, 6, axis=0) for name, column in draw_classes(1, UNSEEN).items()}

    ranked = exported("both").rank(draw_members(3, UNSEEN), classes, np.ones((3, 6), bool), 6)

    assert ranked["positions"].tolist() == [list(range(6))] * 3


def test_signatures_take_inputs_by_name_and_dtype(exported: Callable[[str], Exported]) -> None:
    signatures = exported("both").loaded.signatures

    def arguments(name: str) -> dict[str, tuple[Any, list[int | None]]]:
        specs = signatures[name].structured_input_signature[1]
        return {argument: (spec.dtype.as_numpy_dtype, spec.shape.as_list()) for argument, spec in specs.items()}

    def expected(specs: list[pb.Input]) -> dict[str, tuple[Any, list[int | None]]]:
        shapes: dict[str, list[int | None]] = {
            s.name: [None, s.list_length] if s.list_length else [None] for s in specs
        }
        return {s.name: (column_dtype(s), shapes[s.name]) for s in specs}

    assert set(signatures) == {"serving_default", "classify", "regress", "encode_classes", "rank"}
    assert arguments("serving_default") == expected(RANKING_INPUTS)
    assert arguments("encode_classes") == expected(CLASS_SIDE)
    assert arguments("rank") == {
        **expected(MEMBER_SIDE),
        "class_state": (np.float32, [None, 16]),
        "class_wide": (np.float32, [None]),
        "class_crosses": (np.int32, [None, 4]),
        "candidates": (np.bool_, [None, None]),
        "count": (np.int32, []),
    }


def _example(columns: Mapping[str, NDArray[Any]], row: int) -> bytes:
    """Returns a row as a serialised example that leaves out what is missing."""
    example = tf.train.Example()
    for spec in RANKING_INPUTS:
        values = np.atleast_1d(columns[spec.name][row])
        if column_dtype(spec) is np.float32:
            values = values[np.isfinite(values)]
        values = values[values != missing_marker(spec)]
        feature = tf.train.Feature()
        if column_dtype(spec) is object:
            feature.bytes_list.value.extend(text.encode() for text in values)
        elif spec.data_type == pb.DATA_TYPE_INT64:
            feature.int64_list.value.extend(values.astype(int))
        else:
            feature.float_list.value.extend(values)
        if len(values):
            example.features.feature[spec.name].CopyFrom(feature)
    return bytes(example.SerializeToString())


def test_classify_and_regress_read_examples(exported: Callable[[str], Exported]) -> None:
    model = exported("both")
    columns = draw_rows(50, UNSEEN).columns
    scores = model.model.predict(columns)
    examples = [_example(columns, row) for row in range(50)]

    classified = model.call("classify", {"inputs": examples})
    regressed = model.call("regress", {"inputs": examples})

    assert classified["classes"].tolist() == [[b"0", b"1"]] * 50
    np.testing.assert_allclose(classified["scores"], np.stack([1 - scores, scores], axis=1), atol=1e-6)
    np.testing.assert_allclose(regressed["outputs"], scores[:, None], atol=1e-6)


def test_the_signatures_have_the_method_names_that_tensorflow_serving_demands(
    exported: Callable[[str], Exported],
) -> None:
    written = saved_model_pb2.SavedModel.FromString((exported("both").directory / "saved_model.pb").read_bytes())

    definitions = written.meta_graphs[0].signature_def
    names = {name: definition.method_name for name, definition in definitions.items() if name[0] != "_"}
    assert names == {
        "serving_default": "tensorflow/serving/predict",
        "classify": "tensorflow/serving/classify",
        "regress": "tensorflow/serving/regress",
        "encode_classes": "tensorflow/serving/predict",
        "rank": "tensorflow/serving/predict",
    }
    assert set(definitions["classify"].inputs) == {"inputs"}
    assert set(definitions["classify"].outputs) == {"classes", "scores"}
    assert set(definitions["regress"].outputs) == {"outputs"}


def test_a_flat_tables_model_can_not_rank(tmp_path: Path) -> None:
    columns = {"age": np.arange(40, dtype=np.float32), "city": np.array(["a", "b"] * 20, dtype=object)}
    rows = Table(columns, (columns["age"] > 20).astype(np.float32))
    spec = ModelSpec(epochs=1, layer_sizes=(4,), crosses=(("age", "city"),))

    model = Exported(fit([number("age"), text("city")], rows, rows, spec, lambda *_: None), tmp_path / "1")

    assert set(model.loaded.signatures) == {"serving_default", "classify", "regress"}
    np.testing.assert_allclose(
        model.call("serving_default", columns)["score"], model.model.predict(columns), atol=1e-6
    )


def test_a_regression_has_no_classes_and_ranks_by_its_numbers(tmp_path: Path) -> None:
    rows = draw_rows(400, seed=1)
    ratings = Table(rows.columns, np.where(rows.columns["discipline"] == "yoga", -3, 40).astype(np.float32))
    spec = ModelSpec(objective="regression", epochs=1, batch_size=50, layer_sizes=(4,))
    model = Exported(fit(RANKING_INPUTS, ratings, ratings, spec, lambda *_: None), tmp_path / "1")
    members, classes = draw_members(2, UNSEEN), draw_classes(20, UNSEEN)

    assert set(model.loaded.signatures) == {"serving_default", "regress", "encode_classes", "rank"}
    served = model.call("serving_default", _pairs(members, classes))["score"].reshape(2, 20)
    ranked = model.rank(members, classes, np.ones((2, 20), bool), 20)
    assert served.max() > 1
    np.testing.assert_allclose(ranked["scores"], np.take_along_axis(served, ranked["positions"], 1), atol=1e-4)
    examples = [_example(rows.columns, row) for row in range(5)]
    np.testing.assert_allclose(
        model.call("regress", {"inputs": examples})["outputs"][:, 0],
        model.model.predict({name: column[:5] for name, column in rows.columns.items()}),
        rtol=1e-5,
    )
