"""Everything that records events, put together."""

from collections.abc import Callable

from contract.profile import data_dir
from server.app.event_metrics import EventMetrics
from server.app.settings import Settings
from server.events.file_log import FileEventLog
from server.events.recorder import Recorder
from server.rpc.services import event_service


class EventSide:
    """EventService, and the log that it writes.

    Args:
        settings: How the server is run.
        metrics: What is measured of it.
        now: The time in seconds since the epoch.
    """

    def __init__(self, settings: Settings, metrics: EventMetrics, now: Callable[[], float]) -> None:
        def now_micros() -> int:
            return int(now() * 1e6)

        folder = settings.event_log or data_dir(settings.repo) / "event_log"
        self._log = FileEventLog(folder, now_micros, metrics.observe_commit)
        recorder = Recorder(self._log, now_micros, metrics.observe_events)
        self.service = event_service(recorder.record, recorder.record_stream)
        self._log.warm_up()

    async def close(self) -> None:
        """Returns once what was taken is on disk, or the disk has had its time."""
        await self._log.close()
