"""Serves a SavedModel with PyTriton.

Runs in the environment that `setup.sh` beside it makes, and imports nothing of the project.

usage: serve.py <folder of the SavedModel> <gRPC port> <HTTP port> <metrics port>
"""

import os
import signal
import sys
import sysconfig
from typing import Any

import numpy as np
import tensorflow as tf
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

MAX_BATCH_ROWS = 2048
"""As many as the load has in flight."""
BATCHER = DynamicBatcher()
"""Batches of what has queued meanwhile, without a delay: Triton's default, and what its guide begins with."""

_DTYPES = {tf.string: np.bytes_, tf.float32: np.float32, tf.int64: np.int64}


class SavedModel:
    """The default signature of a SavedModel."""

    def __init__(self, folder: str) -> None:
        self._model = tf.saved_model.load(folder)
        self._score = self._model.signatures["serving_default"]
        self._specs = self._score.structured_input_signature[1]

    def inputs(self) -> list[Tensor]:
        """Returns its inputs; a scalar has a dimension of its own, as Triton has rows in the first."""
        return [
            Tensor(name=name, dtype=_DTYPES[spec.dtype], shape=tuple(spec.shape[1:]) or (1,))
            for name, spec in self._specs.items()
        ]

    def infer(self, **columns: Any) -> dict[str, Any]:
        """Returns the score of each row."""
        tensors = {name: self._tensor(name, column) for name, column in columns.items()}
        return {"score": self._score(**tensors)["score"].numpy().reshape(-1, 1)}

    def _tensor(self, name: str, column: Any) -> Any:
        spec = self._specs[name]
        return tf.constant(column.reshape(column.shape[: spec.shape.rank]), spec.dtype)


def main(saved_model: str, grpc_port: int, http_port: int, metrics_port: int) -> None:
    """Serves until the process is ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    # Triton starts a process that needs Python's shared library, which may be where the linker does not look.
    paths = [sysconfig.get_config_var("LIBDIR"), os.environ.get("LD_LIBRARY_PATH", "")]
    os.environ["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, paths))
    model = SavedModel(saved_model)
    config = TritonConfig(
        grpc_address="127.0.0.1",
        grpc_port=grpc_port,
        http_address="127.0.0.1",
        http_port=http_port,
        metrics_address="127.0.0.1",
        metrics_port=metrics_port,
        exit_timeout_secs=1,
    )
    with Triton(config=config) as triton:
        triton.bind(
            model_name="ranking",
            infer_func=batch(model.infer),
            inputs=model.inputs(),
            outputs=[Tensor(name="score", dtype=np.float32, shape=(1,))],
            config=ModelConfig(max_batch_size=MAX_BATCH_ROWS, batcher=BATCHER),
            strict=False,
        )
        triton.serve()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
