"""A SavedModel in TensorFlow. Only `__main__` imports this."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from server.domain.signatures import Tensors
from server.models.runner.signatures import read_signatures
from server.models.runner.tensors import from_tensor, to_tensor
from server.ranking.ports import Columns

_TAG = "serve"
INVALID_ARGUMENT = 3
"""Of `google.rpc.Code`."""


class InvalidTensors(ValueError):
    """The tensors are not those that the signature takes."""

    error_code = INVALID_ARGUMENT


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
        self.signatures, self._defaults = read_signatures(saved_model_dir, _TAG)
        # A signature does not keep the variables it reads alive; the object does.
        self._saved_model = tf.saved_model.load(saved_model_dir, tags=[_TAG])
        self._classes: dict[int, Mapping[str, tf.Tensor]] = {}

    def encode_classes(self, key: int, columns: Columns, keep: Collection[int]) -> None:
        """Encodes classes and keeps them under `key`; of those kept before, only the keys in `keep` stay."""
        encoded = self._call("encode_classes", self._inputs("encode_classes", columns))
        kept = {key: classes for key, classes in self._classes.items() if key in keep}
        self._classes = {**kept, key: encoded}

    def rank(
        self, key: int, columns: Columns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Ranks the classes kept under `key`; see `server.ranking.ports.Lease.rank`."""
        question = {"candidates": tf.constant(candidates), "count": tf.constant(count, dtype=tf.int32)}
        ranking = self._call("rank", {**self._inputs("rank", columns), **self._classes[key], **question})
        return ranking["scores"].numpy(), ranking["positions"].numpy()

    def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        """Runs a signature and returns those of its outputs that are named, all if none is.

        Raises:
            InvalidTensors: The tensors do not fit the signature.
            tf.errors.OpError: TensorFlow could not run it.
        """
        try:
            defaults = {name: value for name, value in self._defaults[signature].items() if name not in tensors}
            found = self._call(signature, {**defaults, **self._inputs(signature, tensors)})
        except (TypeError, ValueError) as error:
            raise InvalidTensors(str(error)) from error
        return {name: from_tensor(found[name]) for name in outputs or found}

    def _inputs(self, signature: str, tensors: Tensors) -> dict[str, tf.Tensor]:
        specs = self.signatures[signature].inputs
        return {name: to_tensor(tensor, specs[name].dtype) for name, tensor in tensors.items()}

    def _call(self, signature: str, tensors: Mapping[str, tf.Tensor]) -> Mapping[str, tf.Tensor]:
        outputs: Mapping[str, Any] = self._saved_model.signatures[signature](**tensors)
        return outputs
