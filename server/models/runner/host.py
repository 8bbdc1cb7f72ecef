"""Does what the server asks of a runner. Importing it imports TensorFlow."""

import gc
import os
from functools import partial
from pathlib import Path
from typing import Any

from server.domain.signatures import Signatures
from server.models.runner.messages import (
    Call,
    EncodeClasses,
    Load,
    Measure,
    Rank,
    Run,
    Serve,
    WarmUp,
)
from server.models.runner.model import Model, start_thread_pools
from server.models.runner.warmup import warm_up
from server.models.runner.workers import CALLS_AT_ONCE, Workers


class Host:
    """Holds the model of this process.

    Args:
        workers: Those that will do the calls when the model serves: TensorFlow's threads get their priority.
    """

    def __init__(self, workers: Workers) -> None:
        self._model: Model | None = None
        cores = len(os.sched_getaffinity(0))
        workers.wait_for(partial(start_thread_pools, CALLS_AT_ONCE, cores))

    def do(self, call: Call) -> Any:
        """Returns what answers `call`."""
        match call:
            case Load(saved_model_dir):
                return self._load(saved_model_dir)
            case Serve():
                return None
            case _:
                return _ask(self._loaded, call)

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


def _ask(model: Model, call: EncodeClasses | Rank | Run | Measure | WarmUp) -> Any:
    match call:
        case EncodeClasses(key, columns, keep):
            return model.encode_classes(key, columns, keep)
        case Rank(key, columns, candidates, count):
            return model.rank(key, columns, candidates, count)
        case Run(signature, tensors, outputs):
            return model.run(signature, tensors, outputs)
        case Measure(signature, tensors, classes):
            return model.measure(signature, tensors, classes)
        case WarmUp(saved_model_dir):
            return warm_up(model, Path(saved_model_dir))
