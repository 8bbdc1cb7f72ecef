"""How a version is brought to serve: verified, checked, loaded, proven, prepared, warmed and timed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import RunnerLost
from server.domain.signatures import Signatures
from server.domain.validation import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from server.domain.versions import RefusalReason, Refused
from server.models.golden import golden_columns, replay_golden_requests
from server.models.leases import LoadedVersion
from server.models.ports import CallFailed, Check, Runner, StartRunner
from server.models.signatures import check_signatures
from server.models.speed import check_speed
from server.models.storage.threads import in_own_thread
from server.models.verify import verified_manifest

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads versions into runners."""

    runtimes: Sequence[StartRunner]
    """What starts a runner, the preferred one first. Where one can't serve a version, the next is asked."""
    checks: Sequence[Check] = ()
    """What else has to hold of a manifest with a feature source before its model is loaded."""
    prepare: Callable[[LoadedVersion], Awaitable[None]] | None = None
    """Gives a loaded version with a feature source the snapshot that it ranks; None if it is not to rank."""
    timeout_seconds: float = 300
    """How long a version may take, from the start of its runner until it serves."""
    requires_manifest: bool = True
    """Whether a version without a manifest is refused, rather than served unproven. A manifest always counts."""
    max_slowdown: float | None = None
    """How many times as long as the version that serves a new one may take; None for any time."""

    async def load(
        self, version_dir: Path, on_lost: Callable[[], None], serving: LoadedVersion | None = None
    ) -> LoadedVersion:
        """Returns the version in `version_dir`, ready to serve. If it can't be, nothing is left of it.

        Args:
            version_dir: Its folder, named by the version, in one named after the model.
            on_lost: Called once if its runner is lost.
            serving: The version that serves, to compare its speed with.

        Raises:
            Refused: It must not serve.
            RunnerLost: Its runner ended.
            TimeoutError: It took longer than `timeout_seconds`.
            Exception: Whatever else a check or `prepare` raises.
        """
        manifest = await in_own_thread(verified_manifest, version_dir, required=self.requires_manifest)
        await self._check(manifest)
        async with asyncio.timeout(self.timeout_seconds):
            runner, signatures = await self._start(version_dir, manifest, on_lost)
            try:
                loaded = LoadedVersion(manifest or _manifest_of(version_dir), runner, signatures)
                await self._prepare(loaded)
                await runner.serve()
                await self._compare(loaded, serving)
                if runner.is_lost:  # since it answered
                    raise RunnerLost("the runner ended")
            except BaseException:
                await runner.close()
                raise
        return loaded

    async def _start(
        self, version_dir: Path, manifest: Manifest | None, on_lost: Callable[[], None]
    ) -> tuple[Runner, Signatures]:
        """Returns the first runner that loads the version and gives what its manifest promises."""
        *preferred, last = self.runtimes
        for start in preferred:
            try:
                return await _proven(await start(on_lost), version_dir, manifest)
            except Refused as refused:
                _log.warning("%s is served by TensorFlow: %s", version_dir, refused)
        return await _proven(await last(on_lost), version_dir, manifest)

    async def _check(self, manifest: Manifest | None) -> None:
        if manifest and manifest.HasField("feature_source"):
            for check in self.checks:
                await check(manifest)

    async def _prepare(self, loaded: LoadedVersion) -> None:
        if self.prepare and loaded.manifest.HasField("feature_source"):
            await self.prepare(loaded)
            await _warm_ranking(loaded)

    async def _compare(self, loaded: LoadedVersion, serving: LoadedVersion | None) -> None:
        if serving and self.max_slowdown is not None:
            await check_speed(loaded, serving, self.max_slowdown)


async def _proven(runner: Runner, version_dir: Path, manifest: Manifest | None) -> tuple[Runner, Signatures]:
    """Returns the runner with the version loaded and held to its manifest; ends it if that fails."""
    try:
        signatures = await _load(runner, version_dir)
        await _warm_up(runner, version_dir)
        await _prove(runner, signatures, manifest)
    except BaseException:
        await runner.close()
        raise
    return runner, signatures


async def _load(runner: Runner, version_dir: Path) -> Signatures:
    try:
        return await runner.load(version_dir)
    except CallFailed as error:
        raise Refused(RefusalReason.LOAD_FAILED, f"{version_dir} does not load: {error}") from None


async def _warm_up(runner: Runner, version_dir: Path) -> None:
    """Makes the warm-up requests that the version brings with it."""
    try:
        await runner.warm_up(version_dir)
    except CallFailed as error:
        raise Refused(RefusalReason.WARMUP_FAILED, f"{version_dir}: {error}") from None


async def _prove(runner: Runner, signatures: Signatures, manifest: Manifest | None) -> None:
    """Holds the version to what its manifest promises, if it has one."""
    if manifest:
        check_signatures(manifest, signatures)
        await replay_golden_requests(manifest, runner)


async def _warm_ranking(loaded: LoadedVersion) -> None:
    """Makes TensorFlow build and optimise what it needs for the usual page and the largest, before requests do."""
    _, columns = golden_columns(loaded.manifest, loaded.manifest.golden_requests[0])
    with loaded.lease(loaded.manifest.model_name) as lease:
        classes = len(lease.snapshot.class_ids)
        for count in {min(size, classes) for size in (DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)}:
            await lease.rank(lambda: columns, np.ones((1, classes), dtype=np.bool_), count)


def _manifest_of(version_dir: Path) -> Manifest:
    """Returns all that is known of a version without a manifest."""
    return Manifest(model_name=version_dir.parent.name, version=int(version_dir.name))
