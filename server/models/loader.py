"""How a version is brought to serve: verified, checked, loaded, proven, prepared and warmed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import RunnerLost
from server.domain.versions import RefusalReason, Refused
from server.models.golden import golden_columns, replay_golden_requests
from server.models.leases import LoadedVersion
from server.models.ports import CallFailed, Check, Runner, StartRunner
from server.models.signatures import check_signatures
from server.models.verify import verified_manifest

_WARM_COUNTS = (20, 1000)
"""The usual page and the largest."""


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads versions into runners."""

    start_runner: StartRunner
    checks: Sequence[Check]
    """What else has to hold of a manifest before its model is loaded."""
    prepare: Callable[[LoadedVersion], Awaitable[None]]
    """Makes a loaded version ready to be leased: `LoadedVersion.use_snapshot` if it has a feature source."""
    timeout_seconds: float = 300
    """How long a version may take, from the start of its runner until it is warm."""

    async def load(
        self, version_dir: Path, on_lost: Callable[[], None], serving: LoadedVersion | None = None
    ) -> LoadedVersion:
        """Returns the version in `version_dir`, ready to serve. If it can't be, nothing is left of it.

        Args:
            version_dir: Its folder.
            on_lost: Called once if its runner is lost.

        Raises:
            Refused: It must not serve.
            RunnerLost: Its runner ended.
            TimeoutError: It took longer than `timeout_seconds`.
            Exception: Whatever else a check or `prepare` raises.
        """
        manifest = await asyncio.to_thread(verified_manifest, version_dir)
        for check in self.checks:
            await check(manifest)
        runner = await self.start_runner(on_lost)
        try:
            async with asyncio.timeout(self.timeout_seconds):
                loaded = await _load_proven(runner, version_dir, manifest)
                await self.prepare(loaded)
                await _warm(loaded)
                await runner.serve()
            if runner.is_lost:  # since it answered
                raise RunnerLost("the runner ended")
        except BaseException:
            await runner.close()
            raise
        return loaded


async def _load_proven(runner: Runner, version_dir: Path, manifest: Manifest) -> LoadedVersion:
    try:
        signatures = await runner.load(version_dir)
    except CallFailed as error:
        raise Refused(RefusalReason.LOAD_FAILED, f"{version_dir} does not load: {error}") from None
    check_signatures(manifest, signatures)
    await replay_golden_requests(manifest, runner)
    return LoadedVersion(manifest, runner, signatures)


async def _warm(loaded: LoadedVersion) -> None:
    """Makes TensorFlow build and optimise its graphs before the first request does."""
    if loaded.manifest.HasField("feature_source"):
        _, columns = golden_columns(loaded.manifest, loaded.manifest.golden_requests[0])
        with loaded.lease(loaded.manifest.model_name) as lease:
            classes = len(lease.snapshot.class_ids)
            for count in {min(count, classes) for count in _WARM_COUNTS}:
                await lease.rank(columns, np.ones((1, classes), dtype=np.bool_), count)
