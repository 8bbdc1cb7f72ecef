"""A version that is loaded, and the leases that keep it and its snapshots alive."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import ModelFailed, NoModel, RunnerLost
from server.domain.patience import seconds_given
from server.domain.signatures import DEFAULT_SIGNATURE, Signatures, Tensors
from server.models.observation import Observation, OnCall
from server.models.ports import INTERNAL, CallFailed, Runner
from server.models.row_batches import RowBatches, have_rows
from server.ranking.ports import Columns, ReadColumns, Snapshot

_NO_SNAPSHOT = 0
_CALLERS_FAULT = 3
"""INVALID_ARGUMENT of `google.rpc.Code`."""
_BLAMED_SHARE = 0.5
"""A call that is given up is the version's failure if it took more than this share of the caller's time. That the
deadline has passed is not asked: the caller may see it a little earlier, and then cancels the call."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Resident:
    """A snapshot whose classes the runner keeps under a key of ours, as two snapshots may share a generation."""

    key: int
    snapshot: Snapshot


class LoadedVersion:
    """One version in its runner.

    Args:
        manifest: Its manifest; one with nothing but the name of the model and the version if it has none.
        runner: Its runner, ended with it.
        signatures: The signatures of its SavedModel.
    """

    def __init__(self, manifest: Manifest, runner: Runner, signatures: Signatures) -> None:
        self.manifest = manifest
        self.runner = runner
        self.signatures = signatures
        self._rows = RowBatches(partial(runner.run, DEFAULT_SIGNATURE))
        self._leases: Counter[int] = Counter()
        self._last_key = _NO_SNAPSHOT
        self._resident: _Resident | None = None
        self._encoding = asyncio.Lock()

    @property
    def snapshot(self) -> Snapshot | None:
        """The snapshot that new leases rank; None before the first."""
        return self._resident.snapshot if self._resident else None

    @property
    def is_leased(self) -> bool:
        """Whether a lease is out."""
        return bool(self._leases)

    async def use_snapshot(self, snapshot: Snapshot) -> None:
        """Encodes the classes of `snapshot` in the runner, then ranks them for every lease taken from then on.

        Leases taken before go on with the snapshot they were taken on.

        Raises:
            RunnerLost: The runner ended.
            CallFailed: The model can't encode the classes.
        """
        async with self._encoding:
            self._last_key += 1
            await self.runner.encode_classes(self._last_key, snapshot.columns, self._needed_keys())
            self._resident = _Resident(self._last_key, snapshot)

    def _needed_keys(self) -> set[int]:
        """What the runner must keep: the present snapshot, and those that leases were taken on.

        Earlier ones can't be leased any more, so nothing that is left out is ever asked for again.
        """
        return set(self._leases) | ({self._resident.key} if self._resident else set())

    def lease(self, model_name: str, label: str = "", on_call: OnCall = lambda _: None) -> "VersionLease":
        """Returns a lease on the version and its present snapshot; counted until it is exited.

        Args:
            model_name: The name that the model is served under.
            label: The label that it was asked for by; empty if it was asked for by its number.
            on_call: Is told of every call.
        """
        lease = VersionLease(self, self._resident, model_name, label, on_call)
        self._leases[lease.key] += 1
        return lease

    async def run(self, signature: str, tensors: Tensors, outputs: Collection[str]) -> Tensors:
        """Runs a signature; see `server.models.ports.Runner.run`. Rows that are scored apart share calls."""
        is_by_row = signature == DEFAULT_SIGNATURE and signature in self.signatures and self.manifest.inputs
        if not is_by_row or not have_rows(self.signatures[signature], tensors):
            return await self.runner.run(signature, tensors, outputs)
        found = await self._rows.run(tensors)
        return {name: found[name] for name in outputs or found}

    def give_back(self, key: int) -> None:
        """Ends a lease on the snapshot under `key`."""
        self._leases[key] -= 1
        if not self._leases[key]:
            del self._leases[key]

    async def close(self) -> None:
        """Ends the runner."""
        await self.runner.close()


class _Reading:
    """Reads what a call is for, and knows since when the version is at work, or waits for its turn."""

    def __init__(self, read: ReadColumns) -> None:
        self._read = read
        self.last_moment = time.perf_counter()
        self.is_under_way = False
        """Whether it reads, or failed to."""
        self.is_given_up = False
        """Whether nobody waits for it any more: what was read by then is not ranked."""

    def __call__(self) -> Columns:
        self.is_under_way = True
        columns = self._read()
        if self.is_given_up:
            raise asyncio.CancelledError
        self.last_moment, self.is_under_way = time.perf_counter(), False
        return columns


class VersionLease:
    """A lease on a loaded version; see `server.ranking.ports.Lease` and `server.inference.ports.Servable`."""

    def __init__(
        self, loaded: LoadedVersion, resident: _Resident | None, model_name: str, label: str, on_call: OnCall
    ) -> None:
        self._loaded = loaded
        self._resident = resident
        self._on_call = on_call
        self.key = resident.key if resident else _NO_SNAPSHOT
        self.model_name = model_name
        self.arm = label

    @property
    def version(self) -> int:
        """The version."""
        return self._loaded.manifest.version

    @property
    def signatures(self) -> Signatures:
        """The signatures of its SavedModel."""
        return self._loaded.signatures

    @property
    def manifest(self) -> Manifest:
        """The version's manifest, the same object for every lease on the version."""
        return self._loaded.manifest

    @property
    def snapshot(self) -> Snapshot:
        """The classes that `rank` ranks.

        Raises:
            NoModel: There are none: it is not a ranking model.
        """
        if self._resident is None:
            raise NoModel(f"version {self.version} of {self.model_name!r} has no catalogue")
        return self._resident.snapshot

    @property
    def rows_at_once(self) -> int:
        """The most members times classes of a call; see `server.ranking.ports.Lease`."""
        return self._loaded.runner.rows_at_once

    async def rank(
        self, read: ReadColumns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Ranks the candidates; see `server.ranking.ports.Lease.rank`. It is not judged by what reading takes."""
        reading = _Reading(read)
        try:
            ranking = await self._loaded.runner.rank(self.key, reading, candidates, count)
        except RunnerLost:
            self._observe(reading.last_moment, requests=len(candidates), has_failed=True)
            raise
        except asyncio.CancelledError:
            reading.is_given_up = True
            if not reading.is_under_way:
                self._observe_given_up(reading.last_moment, len(candidates))
            raise
        except CallFailed as error:
            if reading.is_under_way:
                raise
            self._observe(reading.last_moment, requests=len(candidates), has_failed=True)
            # The caller has no part in it, so nothing of TensorFlow's message is for them.
            _log.exception("model=%s version=%d can't rank", self.model_name, self.version)
            raise ModelFailed(f"version {self.version} of {self.model_name!r} can't rank", INTERNAL) from error
        self._observe(reading.last_moment, ranking[0], requests=len(candidates))
        return ranking

    async def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        """Runs a signature; see `server.inference.ports.Servable.run`."""
        begun = time.perf_counter()
        try:
            found = await self._loaded.run(signature, tensors, outputs)
        except RunnerLost:
            self._observe(begun, has_failed=True)
            raise
        except asyncio.CancelledError:
            self._observe_given_up(begun)
            raise
        except CallFailed as error:
            self._observe(begun, has_failed=error.code != _CALLERS_FAULT)
            raise ModelFailed(str(error), error.code) from error
        self._observe(begun)
        return found

    def _observe_given_up(self, begun: float, requests: int = 1) -> None:
        """Takes note of a call that nobody waits for any more, which would have taken longer still.

        A caller that hedges gives up calls of good versions, too, but long before its time is up.
        """
        has_failed = time.perf_counter() - begun > _BLAMED_SHARE * seconds_given.get()
        self._observe(begun, requests=requests, has_failed=has_failed)

    def _observe(
        self,
        begun: float,
        scores: NDArray[np.float32] | None = None,
        *,
        requests: int = 1,
        has_failed: bool = False,
    ) -> None:
        seconds = time.perf_counter() - begun
        self._on_call(Observation(self.model_name, self.version, self.arm, seconds, scores, has_failed, requests))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loaded.give_back(self.key)
