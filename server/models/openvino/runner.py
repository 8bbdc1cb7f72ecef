"""A runner in the server's own process; see `server.models.ports.Runner`."""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from contract.errors import ManifestError
from contract.manifest import read_manifest
from server.domain.errors import RunnerLost
from server.domain.signatures import DEFAULT_SIGNATURE, Signature, Signatures, Tensors, TensorSpec
from server.models.openvino.model import Model
from server.models.openvino.ranking import Best
from server.models.openvino.sharing import Share, apart
from server.models.ports import CallFailed
from server.models.signatures import expected_signatures
from server.ranking.ports import ROWS_AT_ONCE, Columns, ReadColumns

CALLS_AT_ONCE = 2
"""While one call is in OpenVINO, another is indexed or its best are chosen."""
_NICE = 10
"""A tenth of the share of a thread that handles requests, while both could run."""
_INVALID_ARGUMENT, _UNIMPLEMENTED = 3, 12
"""Of `google.rpc.Code`."""

_log = logging.getLogger(__name__)

T = TypeVar("T")


class OpenVinoRunner:
    """Runs one model with OpenVINO in threads. Made by `start`.

    It answers the default signature, and ranks. A model that keeps a thread busy for ever keeps it for ever.
    """

    is_responsive = True

    def __init__(self, share: Share) -> None:
        self.is_lost = False
        self.runtime = "openvino"
        self.rows_at_once = ROWS_AT_ONCE
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, "openvino", _step_back)
        self._share = share
        self._model: Model | None = None

    @classmethod
    async def start(cls, on_lost: Callable[[], None], share: Share = apart) -> Self:
        """Returns a runner, which is never lost but with the server; what it keeps of classes is shared."""
        del on_lost
        return cls(share)

    async def load(self, saved_model_dir: Path) -> Signatures:
        """Compiles the graph of a version that takes indices, and returns the signatures that its manifest has.

        Raises:
            CallFailed: It has none, or OpenVINO can't run it.
        """
        _log.info("openvino loads %s", saved_model_dir)
        try:
            manifest = await self._do(read_manifest, saved_model_dir)
            make = partial(Model, share=self._share)
            self._model = await self._do(make, saved_model_dir, manifest, CALLS_AT_ONCE)
        except (ManifestError, OSError, DecodeError, KeyError) as error:
            raise CallFailed(f"OpenVINO can't run it: {error}") from error
        lengths = {spec.name: spec.list_length for spec in manifest.inputs}
        return {name: _shaped(found, lengths) for name, found in expected_signatures(manifest).items()}

    async def encode_classes(self, key: int, columns: Columns, keep: Collection[int]) -> None:
        """Encodes classes and keeps them under `key`; of those kept before, only the keys in `keep` stay."""
        await self._do(self._loaded.encode_classes, key, columns, keep)
        self.runtime = f"openvino, {self._loaded.preselects_in(key)}"
        self.rows_at_once = self._loaded.rows_at_once(key)

    async def rank(
        self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Ranks the classes kept under `key`; see `server.ranking.ports.Lease.rank`."""
        return await self._do(self._read_and_rank, key, read, candidates, count)

    async def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        """Runs the default signature.

        Raises:
            CallFailed: Another is asked for, or OpenVINO can't run it.
        """
        del outputs  # there is but one
        if signature != DEFAULT_SIGNATURE:
            raise CallFailed(f"OpenVINO runs no signature but {DEFAULT_SIGNATURE!r}", _UNIMPLEMENTED)
        return {"score": await self._do(self._loaded.score, tensors)}

    async def measure(self, signature: str, tensors: Tensors, classes: Columns) -> float:
        """Runs a signature and returns how many seconds it took; see `server.models.ports.Runner.measure`."""
        begun = time.perf_counter()
        if signature == DEFAULT_SIGNATURE:
            await self._do(self._loaded.score, tensors)
        else:
            columns = {name: array for name, array in tensors.items() if name not in ("candidates", "count")}
            question = tensors["candidates"], int(tensors["count"])
            await self._do(self._loaded.rank_apart, columns, classes, *question)
        return time.perf_counter() - begun

    async def warm_up(self, saved_model_dir: Path) -> int:
        """Makes no requests: those that a version brings with it are for TensorFlow's signatures."""
        del saved_model_dir
        return 0

    async def serve(self) -> None:
        """Does nothing: it has no priority of its own."""

    async def close(self) -> None:
        """Lets the calls under way end, and takes no more."""
        self.is_lost = True
        await asyncio.to_thread(self._threads.shutdown)

    @property
    def _loaded(self) -> Model:
        if self._model is None:
            raise RuntimeError("no model is loaded")
        return self._model

    def _read_and_rank(self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int) -> Best:
        return self._loaded.rank(key, read(), candidates, count)

    async def _do(self, function: Callable[..., T], *arguments: Any) -> T:
        """Calls a function that blocks in one of the threads.

        Raises:
            RunnerLost: The version was unloaded.
            CallFailed: OpenVINO can't do it, or arrays do not fit each other.
        """
        if self.is_lost:
            raise RunnerLost("the version was unloaded")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        except RuntimeError as error:
            raise CallFailed(f"OpenVINO can't run it: {error}") from error
        except ValueError as error:
            raise CallFailed(str(error), _INVALID_ARGUMENT) from error


def _step_back() -> None:
    """Has this thread run where the others of the process leave a core free. Linux only.

    So all requests that have come are read before the next are ranked, and share a call: what a call costs,
    however many it is for, is more than a request's own share.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _shaped(signature: Signature, lengths: dict[str, int]) -> Signature:
    """Returns a signature with the shapes of its inputs and outputs as far as they are known."""
    inputs = {name: _rows(spec, lengths.get(name)) for name, spec in signature.inputs.items()}
    return replace(signature, inputs=inputs)


def _rows(spec: TensorSpec, length: int | None) -> TensorSpec:
    if length is None:
        return spec
    return replace(spec, shape=(None, length) if length else (None,))
