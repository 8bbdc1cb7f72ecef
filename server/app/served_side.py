"""The served-feature log and what it measures, put together."""

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from contract.profile import data_dir
from contract.served import FOLDER
from server.app.place import Place
from server.app.settings import Settings
from server.domain.errors import StartError
from server.ranking.ports import Served
from server.served_log.files import LogFiles
from server.served_log.log import ServedLog
from server.served_log.rows import Rows
from server.served_log.tallies import Tallies

_INPUT = ("model", "version", "feature")


def open_served_log(settings: Settings, registry: CollectorRegistry, place: Place | None) -> ServedLog:
    """Returns the log that the settings ask for.

    Args:
        settings: Those of the server.
        registry: Where its metrics are told.
        place: Which of several workers this is; None if there are no others.

    Raises:
        StartError: Its folder can't be made.
    """
    folder = data_dir(settings.repo) / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"--log-served needs the folder {folder}, which can't be made: {error.strerror}"
        raise StartError(message) from None
    writer = f"{place.number if place else 0}-{secrets.token_hex(4)}"
    files = LogFiles(folder, writer, settings.served_log_bytes, _today)
    return ServedLog(settings.log_served, files.write, ServedMetrics(registry))


def _today() -> date:
    return datetime.fromtimestamp(time.time(), UTC).date()


class ServedMetrics(Collector):
    """What the log tells Prometheus. Implements `server.served_log.log.Observer`.

    Args:
        registry: Where the metrics are told.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._tallies = Tallies()
        self._answers = Counter(
            "paceline_served_log_answers",
            "Sampled answers: logged; dropped, because too many waited; failed, which the log explains.",
            ["outcome"],
            registry=registry,
        )
        registry.register(self)

    def made(self, served: Served, rows: Rows) -> None:
        """Counts the inputs of answers."""
        self._tallies.add(served.manifest, rows)

    def ended(self, outcome: str, answer_count: int) -> None:
        """Takes note of what became of answers."""
        self._answers.labels(outcome).inc(answer_count)

    def collect(self) -> Iterator[Metric]:
        """Part of `Collector`."""
        text = "The population stability index of a served input against the rows that the version was trained on."
        psi = GaugeMetricFamily("paceline_feature_psi", text, labels=_INPUT)
        nulls = GaugeMetricFamily(
            "paceline_feature_null_share", "The share of a served input without a value.", labels=_INPUT
        )
        for figures in self._tallies.figures():
            labels = [figures.model_name, str(figures.version), figures.input_name]
            psi.add_metric(labels, figures.stability_index)
            nulls.add_metric(labels, figures.null_share)
        yield from (psi, nulls)
