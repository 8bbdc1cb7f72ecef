"""What all workers of a supervisor measured, for Prometheus."""

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from server.workers.totals import add_up, lasting, of_worker


class Source(Protocol):
    """A worker that is asked what it measured."""

    @property
    def number(self) -> int:
        """Which of the workers it is."""
        ...

    @property
    def families(self) -> Sequence[Metric]:
        """What it told last."""
        ...

    def ask(self) -> None:
        """Asks it."""
        ...

    def listen(self) -> None:
        """Waits for its answer, not for ever. Without one, what it told last stays."""
        ...


class WorkerMetrics(Collector):
    """What all workers measured, and of those that ended what they told last: no counter goes backwards."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        text = "Workers that ended and were started again."
        self._restarts = Counter("paceline_worker_restarts", text, ["worker"], registry=self.registry)
        self._sources: list[Source] = []
        self._gone: Sequence[Metric] = ()
        self._changing = threading.Lock()
        self._asking = threading.Lock()

    def add(self, source: Source) -> None:
        """Asks a worker from now on."""
        self._restarts.labels(str(source.number))
        with self._changing:
            self._sources.append(source)

    def retire(self, source: Source) -> None:
        """Asks a worker no more, which ended."""
        with self._changing:
            self._sources.remove(source)
            self._gone = add_up([*self._gone, *lasting(source.families)])

    def observe_restart(self, number: int) -> None:
        """Takes note that a worker is started again."""
        self._restarts.labels(str(number)).inc()

    def collect(self) -> Iterator[Metric]:
        """Asks all workers at once, and yields what they and those before them measured."""
        with self._asking:
            asked = list(self._sources)
            for source in asked:
                source.ask()
            for source in asked:
                source.listen()
        with self._changing:
            told = [family for source in self._sources for family in of_worker(source.number, source.families)]
            yield from add_up([*self._gone, *told])
