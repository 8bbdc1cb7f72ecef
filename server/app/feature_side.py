"""Everything that reads the feature store, put together."""

import asyncio
import gc
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from contract.on_demand import Failed
from contract.profile import data_dir
from contract.ranked_lists import default_folder
from contract.stubs.manifest_pb2 import Manifest
from server.app.settings import Settings
from server.catalogue.ranked_lists import ParquetLists
from server.catalogue.reader import CatalogueReader
from server.catalogue.refresher import Refresher
from server.catalogue.snapshot_folder import SnapshotFolder
from server.catalogue.snapshots import Snapshots
from server.domain.errors import StoreUnavailable
from server.features.guarded_cells import GuardedCells, Prober
from server.features.members import FeastMemberFeatures, ObserveRows
from server.features.online import OnlineFeatures
from server.features.opening import open_stores
from server.features.pace import SLOW_SECONDS, Pace
from server.features.redis_cells import RedisCells
from server.features.registry import Registry
from server.features.registry_check import RegistryCheck
from server.features.remembered_cells import LAST_KNOWN_SECONDS, OnRead, RememberedCells
from server.models.leases import LoadedVersion
from server.ranking.on_demand import check_on_demand, member_inputs

YOUNG_OBJECTS = 20_000
"""How many more objects there are when Python looks for those that hold each other. Of a request's hundreds six of
gRPC's do: to look after every 700, as Python does by itself, takes a twentieth of its time."""
SNAPSHOT_SECONDS = 300.0
"""The age at which a snapshot is rebuilt though the catalogue is the same."""


class FeatureSide:
    """The readers of one feature store and their threads.

    Args:
        settings: Those of the server.
        now: The time in seconds since the epoch.
        on_read: Is told of every read of members' features.
        on_rows: Is told of the rows that were read.
        failed: Is told of on-demand views of classes that fail.

    Raises:
        ProfileError: There is no such profile, or it is not a Feast configuration.
    """

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], float],
        on_read: OnRead,
        on_rows: ObserveRows,
        failed: Failed,
    ) -> None:
        stores = open_stores(settings.repo, settings.profile)
        registry, cells = Registry(stores.registry), stores.cells
        online = OnlineFeatures(cells, registry, now)
        self._is_warm = False
        self._list_thread = ThreadPoolExecutor(1, "lists")
        self._background_thread = ThreadPoolExecutor(1, "background")
        self._snapshot_thread = ThreadPoolExecutor(1, "snapshots")
        reader = CatalogueReader(online, self._background_thread, now, failed)
        self._snapshots = Snapshots(
            reader,
            SnapshotFolder(
                data_dir(settings.repo) / "snapshots",
                stores.identity,
                self._snapshot_thread,
                now=now,
                useful_seconds=LAST_KNOWN_SECONDS,
            ),
            now=now,
            max_age_seconds=SNAPSHOT_SECONDS,
            last_known_seconds=LAST_KNOWN_SECONDS,
        )
        self._prober = Prober()
        remembered = RememberedCells(
            GuardedCells(cells, self._prober, Pace(SLOW_SECONDS if isinstance(cells, RedisCells) else math.inf)),
            fresh_seconds=settings.feature_cache_seconds,
            last_known_seconds=LAST_KNOWN_SECONDS,
            size=settings.feature_cache_members,
            on_read=on_read,
        )
        self.members = FeastMemberFeatures(OnlineFeatures(remembered, registry, now), on_rows)
        self.lists = ParquetLists(settings.fallback_lists or default_folder(settings.repo), self._list_thread)
        self._reading_ahead: set[asyncio.Task[None]] = set()
        registered = RegistryCheck(registry, self._background_thread)
        self.checks = (registered, check_on_demand, self._snapshots.check, self._read_ahead)
        """What has to hold of a manifest before its model is loaded; the last begins what `prepare` needs."""

    async def _read_ahead(self, manifest: Manifest) -> None:
        """Begins to read the catalogue, which `prepare` waits for, while the model is loaded."""
        task = asyncio.create_task(self._read(manifest))
        self._reading_ahead.add(task)
        task.add_done_callback(self._reading_ahead.discard)

    async def _read(self, manifest: Manifest) -> None:
        with suppress(StoreUnavailable):  # `prepare` asks again
            await self._snapshots.current(manifest)

    async def prepare(self, loaded: LoadedVersion) -> None:
        """Gives a loaded version its catalogue, and opens what the first request would have to open."""
        manifest = loaded.manifest
        await loaded.use_snapshot(await self._snapshots.current_or_last_known(manifest))
        if not self._is_warm:
            member_key = manifest.feature_source.member_key
            await asyncio.to_thread(self.members.read, member_inputs(manifest), member_key, [""])
            await self.lists.find(member_key, "")
            gc.collect()
            gc.freeze()  # what is here now stays: collections that looked at it took some 95 ms
            gc.set_threshold(YOUNG_OBJECTS)
            self._is_warm = True

    async def refresh(self, versions: Callable[[], Sequence[LoadedVersion]], interval_seconds: float) -> None:
        """Keeps the catalogues of versions current for ever."""
        await Refresher(self._snapshots, versions).run(interval_seconds)

    async def close(self) -> None:
        """Ends the threads."""
        for task in self._reading_ahead:
            task.cancel()
        self._prober.close()
        self._list_thread.shutdown()
        self._background_thread.shutdown()
        self._snapshot_thread.shutdown()
