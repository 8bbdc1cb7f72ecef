"""Records the events of a request, each by itself."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence

from event_log.event import Event
from event_log.writer import Appended
from server.domain.chunks import each
from server.domain.events import EventResult, EventStatus, Rejection, RejectionReason, StreamSummary
from server.domain.validation import check_events
from server.events.ports import EventLog, ObserveEvents
from server.events.validation import rejection

MAX_REJECTED = 1_000
"""How many rejected events of a stream are told."""

_REUSED = Rejection(
    RejectionReason.ID_REUSED, "event_id", "was recorded with another content, expected an id of its own"
)


class Recorder:
    """Checks events and appends those that may be recorded.

    Args:
        log: The log.
        now_micros: The time in microseconds since the epoch.
        observe: Is told what became of them.
    """

    def __init__(
        self, log: EventLog, now_micros: Callable[[], int], observe: ObserveEvents = lambda _: None
    ) -> None:
        self._log = log
        self._now_micros = now_micros
        self._observe = observe

    async def record(self, events: Sequence[Event]) -> Sequence[EventResult]:
        """Returns what became of each event, once those that were recorded are on disk.

        Raises:
            InvalidRequest: There are no events, or too many.
            EventLogUnavailable: None of them was recorded.
        """
        check_events(events)
        now = self._now_micros()
        wrong = await each(lambda event: rejection(event, now), events)
        good = [event for event, problem in zip(events, wrong, strict=True) if problem is None]
        appended = iter(await self._log.append(good) if good else ())
        results = [
            _appended(event, next(appended)) if problem is None else _rejected(event, problem)
            for event, problem in zip(events, wrong, strict=True)
        ]
        self._observe(Counter((result.event.type.value, _name(result)) for result in results))
        return results

    async def record_stream(self, batches: AsyncIterator[Sequence[Event]]) -> StreamSummary:
        """Returns what became of the events of a stream, each batch recorded once the one before it is on disk.

        Raises:
            InvalidRequest: A batch has no events, or too many. Those before it are recorded.
            EventLogUnavailable: A batch was not recorded. Those before it are.
        """
        summary, place = StreamSummary(), 0
        async for events in batches:
            for result in await self.record(events):
                _add(summary, place, result)
                place += 1
        return summary


def _add(summary: StreamSummary, place: int, result: EventResult) -> None:
    if result.rejection is None:
        summary.recorded_count += result.status is EventStatus.RECORDED
        summary.duplicate_count += result.status is EventStatus.DUPLICATE
        return
    summary.rejected_count += 1
    if len(summary.rejected) < MAX_REJECTED:
        summary.rejected.append((place, result.rejection))


def _appended(event: Event, appended: Appended) -> EventResult:
    match appended:
        case Appended.RECORDED:
            return EventResult(event, EventStatus.RECORDED)
        case Appended.DUPLICATE:
            return EventResult(event, EventStatus.DUPLICATE)
        case Appended.REUSED:
            return _rejected(event, _REUSED)


def _rejected(event: Event, problem: Rejection) -> EventResult:
    return EventResult(event, EventStatus.REJECTED, problem)


def _name(result: EventResult) -> str:
    return (result.rejection.reason if result.rejection else result.status).name.lower()
