"""A SavedModel in TensorFlow. Only `__main__` imports this."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from server.models.ports import Signature, Signatures
from server.ranking.ports import Columns

Tensors = Mapping[str, tf.Tensor]


def size_thread_pools(calls_at_once: int, cores: int) -> None:
    """Shares the cores among the calls that run at once. To be called before TensorFlow does anything.

    Args:
        calls_at_once: How many calls run at once.
        cores: How many cores there are.
    """
    tf.config.threading.set_intra_op_parallelism_threads(max(1, cores // calls_at_once))
    tf.config.threading.set_inter_op_parallelism_threads(calls_at_once)


class Model:
    """One loaded SavedModel and the classes it has encoded.

    Args:
        saved_model_dir: Its folder.
    """

    def __init__(self, saved_model_dir: str) -> None:
        # A signature does not keep the variables it reads alive; the object does.
        self._saved_model = tf.saved_model.load(saved_model_dir)
        self._classes: dict[int, Tensors] = {}

    @property
    def signatures(self) -> Signatures:
        """The dtypes of every signature."""
        return {name: _describe(function) for name, function in self._saved_model.signatures.items()}

    def encode_classes(self, key: int, columns: Columns, keep: Collection[int]) -> None:
        """Encodes classes and keeps them under `key`; of those kept before, only the keys in `keep` stay."""
        encoded = self._run("encode_classes", _tensors(columns))
        kept = {key: classes for key, classes in self._classes.items() if key in keep}
        self._classes = {**kept, key: encoded}

    def rank(
        self, key: int, columns: Columns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Ranks the classes kept under `key`; see `server.ranking.ports.Lease.rank`."""
        question = {"candidates": tf.constant(candidates), "count": tf.constant(count, dtype=tf.int32)}
        ranking = self._run("rank", {**_tensors(columns), **self._classes[key], **question})
        return ranking["scores"].numpy(), ranking["positions"].numpy()

    def score_rows(self, columns: Columns) -> NDArray[np.float32]:
        """Returns the scores ``[rows]`` of `columns`, which hold every input row by row."""
        scores: NDArray[np.float32] = self._run("serving_default", _tensors(columns))["score"].numpy()
        return scores

    def _run(self, signature: str, tensors: Tensors) -> Tensors:
        outputs: Tensors = self._saved_model.signatures[signature](**tensors)
        return outputs


def _tensors(columns: Columns) -> Tensors:
    return {
        name: tf.constant(column, dtype=tf.string if column.dtype == object else None)
        for name, column in columns.items()
    }


def _describe(function: Any) -> Signature:
    _, inputs = function.structured_input_signature
    return Signature(_dtypes(inputs), _dtypes(function.structured_outputs))


def _dtypes(specs: Mapping[str, tf.TensorSpec]) -> dict[str, str]:
    return {name: spec.dtype.name for name, spec in specs.items()}
