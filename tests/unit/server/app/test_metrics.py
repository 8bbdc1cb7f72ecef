"""Metrics belong to one server."""

import os
import subprocess
import sys

import pytest
from prometheus_client import generate_latest

from server.app.metrics import Metrics


def text(metrics: Metrics) -> str:
    return generate_latest(metrics.registry).decode()


def test_two_servers_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.observe_request("Recommend", "OK", 0.1)
    assert 'paceline_requests_total{code="OK",method="Recommend"} 1.0' in text(first)
    assert "paceline_requests_total{" not in text(second)


@pytest.mark.slow
def test_importing_feast_leaves_metrics_in_the_process() -> None:
    program = "import server.features.store, prometheus_client.values as v; print(v.ValueClass.__name__)"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROMETHEUS_")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.strip() == "MutexValue"
