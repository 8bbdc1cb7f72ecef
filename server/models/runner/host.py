"""Does what the server asks of a runner. Importing it imports TensorFlow."""

import gc
import os
from pathlib import Path
from typing import Any

from server.domain.signatures import Signatures
from server.models.runner.messages import CALLS_AT_ONCE, Call, EncodeClasses, Load, Rank, Run, Serve, WarmUp
from server.models.runner.model import Model, size_thread_pools
from server.models.runner.priority import Priority
from server.models.runner.warmup import warm_up


class Host:
    """Holds the model of this process.

    Args:
        priority: The priority of this process, which is restored when the model is to serve.
    """

    def __init__(self, priority: Priority) -> None:
        self._priority = priority
        self._model: Model | None = None
        size_thread_pools(CALLS_AT_ONCE, len(os.sched_getaffinity(0)))

    def do(self, call: Call) -> Any:
        """Returns what answers `call`."""
        match call:
            case Load(saved_model_dir):
                return self._load(saved_model_dir)
            case EncodeClasses(key, columns, keep):
                return self._loaded.encode_classes(key, columns, keep)
            case Rank(key, columns, candidates, count):
                return self._loaded.rank(key, columns, candidates, count)
            case Run(signature, tensors, outputs):
                return self._loaded.run(signature, tensors, outputs)
            case WarmUp(saved_model_dir):
                return warm_up(self._loaded, Path(saved_model_dir))
            case Serve():
                return self._priority.restore()

    @property
    def _loaded(self) -> Model:
        if self._model is None:
            raise RuntimeError("no model is loaded")
        return self._model

    def _load(self, saved_model_dir: str) -> Signatures:
        self._model = Model(saved_model_dir)
        # What loading made stays for good: the collector need not walk it during requests.
        gc.collect()
        gc.freeze()
        return self._model.signatures
