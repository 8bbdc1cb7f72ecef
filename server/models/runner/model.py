"""A SavedModel in TensorFlow. Only `__main__` imports this."""

import time
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from server.domain.signatures import Signature, Tensors
from server.models.runner.inputs import InvalidTensors, check_outputs, to_inputs
from server.models.runner.signatures import read_signatures
from server.models.runner.tensors import as_stored, from_tensor, to_tensors
from server.models.scores import falling
from server.ranking.ports import Columns

_TAG = "serve"


def start_thread_pools(calls_at_once: int, cores: int) -> None:
    """Starts TensorFlow's threads, which share the cores among the calls that run at once.

    To be called before TensorFlow does anything, by a thread of the priority that its threads are to have.

    Args:
        calls_at_once: How many calls run at once.
        cores: How many cores there are.
    """
    tf.config.threading.set_intra_op_parallelism_threads(max(1, cores // calls_at_once))
    tf.config.threading.set_inter_op_parallelism_threads(calls_at_once)
    tf.constant(0)


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
        encoded = self._encode(columns)
        kept = {key: classes for key, classes in self._classes.items() if key in keep}
        self._classes = {**kept, key: encoded}

    def rank(
        self, key: int, columns: Columns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Ranks the classes kept under `key`; see `server.ranking.ports.Lease.rank`."""
        question = {"candidates": tf.constant(candidates), "count": tf.constant(count, dtype=tf.int32)}
        ranking = self._call("rank", {**self._tensors("rank", columns), **self._classes[key], **question})
        positions = ranking["positions"].numpy()
        return falling(ranking["scores"].numpy(), positions), positions

    def run(self, name: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        """Runs a signature and returns those of its outputs that are named, all if none is.

        Raises:
            InvalidTensors: There is no such signature or output, or the tensors do not fit its inputs.
            tf.errors.OpError: TensorFlow could not run it.
        """
        signature = self.signature(name)
        check_outputs(signature, outputs)
        try:
            found = self._call(name, to_inputs(signature, self._defaults[name], tensors))
        except UnicodeDecodeError as error:  # TensorFlow's message quotes the caller's bytes, which are no text
            raise InvalidTensors(error.object.decode(errors="replace")) from error
        return {output: from_tensor(found[output]) for output in outputs or found}

    def measure(self, name: str, tensors: Tensors, classes: Columns) -> float:
        """Runs a signature and returns how many seconds it took; see `server.models.ports.Runner.measure`."""
        encoded = self._encode(classes) if classes else {}
        inputs = {**self._tensors(name, tensors), **encoded}
        begun = time.perf_counter()
        self._call(name, inputs)
        return time.perf_counter() - begun

    def signature(self, name: str) -> Signature:
        """Returns the signature of a name.

        Raises:
            InvalidTensors: There is none.
        """
        if name not in self.signatures:
            raise InvalidTensors(f"there is no signature {name!r}, expected one of {sorted(self.signatures)}")
        return self.signatures[name]

    def _encode(self, columns: Columns) -> Mapping[str, tf.Tensor]:
        return self._call("encode_classes", self._tensors("encode_classes", columns))

    def _tensors(self, name: str, columns: Columns) -> dict[str, tf.Tensor]:
        """Returns the columns of a ranking model, which need no check: its signatures were."""
        specs = self.signatures[name].inputs
        return {column: as_stored(tensor, specs[column].dtype) for column, tensor in to_tensors(columns).items()}

    def _call(self, name: str, tensors: Mapping[str, tf.Tensor]) -> Mapping[str, tf.Tensor]:
        outputs: Mapping[str, Any] = self._saved_model.signatures[name](**tensors)
        return outputs
