"""A version that is loaded, and the leases that keep it and its snapshots alive."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import NoModel
from server.domain.signatures import Signatures
from server.models.ports import Runner
from server.ranking.ports import Columns, Snapshot


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
        self._leases: Counter[int] = Counter()
        self._last_key = 0
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

    def lease(self) -> "VersionLease":
        """Returns a lease on the version and its present snapshot; counted until it is exited.

        Raises:
            NoModel: The version has no snapshot to rank.
        """
        if self._resident is None:
            raise NoModel(f"version {self.manifest.version} of {self.manifest.model_name!r} has no catalogue")
        self._leases[self._resident.key] += 1
        return VersionLease(self, self._resident)

    def give_back(self, key: int) -> None:
        """Ends a lease on the snapshot under `key`."""
        self._leases[key] -= 1
        if not self._leases[key]:
            del self._leases[key]

    async def close(self) -> None:
        """Ends the runner."""
        await self.runner.close()


class VersionLease:
    """A lease on a loaded version; see `server.ranking.ports.Lease`."""

    def __init__(self, loaded: LoadedVersion, resident: _Resident) -> None:
        self._loaded = loaded
        self._resident = resident

    @property
    def manifest(self) -> Manifest:
        """The version's manifest, the same object for every lease on the version."""
        return self._loaded.manifest

    @property
    def snapshot(self) -> Snapshot:
        """The classes that `rank` ranks."""
        return self._resident.snapshot

    async def rank(
        self, columns: Columns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Ranks the candidates; see `server.ranking.ports.Lease.rank`."""
        return await self._loaded.runner.rank(self._resident.key, columns, candidates, count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loaded.give_back(self._resident.key)
