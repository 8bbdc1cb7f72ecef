import hashlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from contract.columns import INT64_MISSING, missing_marker
from contract.stubs import manifest_pb2 as pb
from tests.support.model_inputs import text, texts, whole
from training.model.vocabulary import Vocabulary

pytestmark = pytest.mark.slow


def _objects(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


def test_values_are_indexed_by_falling_count_after_missing_and_unknown() -> None:
    column = _objects("b", "a", "c", "c", "", "a", "c", "")
    vocabulary = Vocabulary.fit(text("x"), column, limit=10, min_count=1)

    assert vocabulary.size == 5
    assert vocabulary.look_up(tf.constant(["", "d", "c", "a", "b"])).numpy().tolist() == [0, 1, 2, 3, 4]
    assert [vocabulary.index(value) for value in ("d", "c", "a", "b")] == [1, 2, 3, 4]


def test_equal_counts_go_by_value_and_the_limit_keeps_the_most_frequent() -> None:
    vocabulary = Vocabulary.fit(text("x"), _objects("d", "b", "c", "a", "d"), limit=3, min_count=1)

    assert vocabulary.look_up(tf.constant(["d", "a", "b", "c"])).numpy().tolist() == [2, 3, 4, 1]


def test_rare_values_are_unknown() -> None:
    vocabulary = Vocabulary.fit(text("x"), _objects("a", "a", "b"), limit=10, min_count=2)

    assert vocabulary.look_up(tf.constant(["a", "b"])).numpy().tolist() == [2, 1]


def test_whole_numbers_and_their_marker() -> None:
    vocabulary = Vocabulary.fit(whole("x"), np.array([7, INT64_MISSING, -1, 7]), limit=10, min_count=1)

    assert vocabulary.look_up(tf.constant([INT64_MISSING, 7, -1, 0])).numpy().tolist() == [0, 2, 3, 1]


def test_the_elements_of_lists_are_counted() -> None:
    column = np.array([["a", "b"], ["b", ""]], dtype=object)
    vocabulary = Vocabulary.fit(texts("x", 2), column, limit=10, min_count=1)

    assert vocabulary.look_up(tf.constant([["b", "a"], ["", "z"]])).numpy().tolist() == [[2, 3], [0, 1]]


def test_a_column_without_values_gives_a_vocabulary_without_values() -> None:
    vocabulary = Vocabulary.fit(text("x"), _objects("", ""), limit=10, min_count=1)

    assert vocabulary.look_up(tf.constant(["", "a"])).numpy().tolist() == [0, 1]
    assert vocabulary.message().value_count == 0


def test_the_manifest_gets_count_and_checksum_of_the_values_in_order() -> None:
    message = Vocabulary.fit(text("x"), _objects("é", "b", "b"), limit=10, min_count=1).message()

    assert message.input_name == "x"
    assert message.value_count == 2
    assert message.sha256 == hashlib.sha256("b\né\n".encode()).hexdigest()


@pytest.mark.parametrize(
    ("spec", "known", "unknown"),
    [
        (text("city"), ["Gent", "Oslo"], [f"c{i}" for i in range(300)]),
        (whole("plan"), [5, -7], list(range(100, 400))),
    ],
)
def test_unknown_values_are_spread_over_buckets_by_their_hash(
    spec: pb.Input, known: list[Any], unknown: list[Any]
) -> None:
    vocabulary = Vocabulary(spec, known, oov_buckets=3)

    assert [vocabulary.index(value) for value in known] == [4, 5]
    assert vocabulary.look_up(tf.constant([missing_marker(spec)])).numpy().tolist() == [0]
    found = vocabulary.look_up(tf.constant(unknown, vocabulary.table.key_dtype)).numpy()
    assert found.tolist() == [vocabulary.index(value) for value in unknown]
    counts = np.bincount(found, minlength=vocabulary.size)
    assert counts.tolist() == [0, *counts[1:4], 0, 0]
    assert min(counts[1:4]) > 70
    assert (vocabulary.size, vocabulary.message().oov_bucket_count) == (6, 3)
