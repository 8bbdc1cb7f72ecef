import numpy as np
import pytest
import tensorflow as tf

from contract.columns import INT64_MISSING
from tests.support.model_inputs import log_number, number, text, texts, vector, whole
from training.model.examples import parse_examples

pytestmark = pytest.mark.slow

INPUTS = [text("city"), texts("genres", 2), whole("plan"), log_number("count"), number("age"), vector("taste", 2)]


def _example(**features: tf.train.Feature) -> bytes:
    return bytes(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def _texts(*values: bytes) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def _wholes(*values: int) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def _floats(*values: float) -> tf.train.Feature:
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def test_features_are_read_by_name_and_lists_cut_or_filled() -> None:
    full = _example(
        city=_texts(b"Gent"),
        genres=_texts(b"a", b"b", b"c"),
        plan=_wholes(3),
        count=_wholes(12),
        age=_floats(1.5),
        taste=_floats(0.5),
    )

    columns = parse_examples(INPUTS, [full])

    assert columns["city"].numpy().tolist() == [b"Gent"]
    assert columns["genres"].numpy().tolist() == [[b"a", b"b"]]
    assert columns["plan"].numpy().tolist() == [3]
    assert columns["count"].numpy().tolist() == [12.0]
    assert columns["age"].numpy().tolist() == [1.5]
    np.testing.assert_equal(columns["taste"].numpy(), [[0.5, np.nan]])


def test_what_an_example_leaves_out_is_missing() -> None:
    columns = parse_examples(INPUTS, [_example()])

    found = [columns[spec.name].numpy().ravel().tolist() for spec in INPUTS]
    np.testing.assert_equal(found[3:], [[np.nan], [np.nan], [np.nan, np.nan]])
    assert found[:3] == [[b""], [b"", b""], [INT64_MISSING]]


def test_dtypes_are_those_of_the_signatures() -> None:
    dtypes = [parse_examples(INPUTS, [_example()])[spec.name].dtype for spec in INPUTS]

    assert dtypes == [tf.string, tf.string, tf.int64, tf.float32, tf.float32, tf.float32]
