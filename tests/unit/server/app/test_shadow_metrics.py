"""What is measured of shadows."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from server.app.shadow_metrics import ShadowMetrics
from server.domain.results import Source
from server.ranking.shadow import Comparison

LOW, HIGH = (np.linspace(best, best / 2, 500).tolist() for best in (0.4, 0.9))


class Measured:
    """The metrics of shadows, and what Prometheus reads of them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._metrics = ShadowMetrics(self._registry)

    def compare(
        self, live: int, shadow: int, scores: tuple[Sequence[float], Sequence[float]], arm: str = "stable"
    ) -> None:
        """Takes note of a request, and of the scores on both sides, whose versions are given."""
        answered, shadowed = (Source("ranking", version, True, 1, arm) for version in (live, shadow))
        self._metrics.compared("next", Comparison(answered, shadowed, 1.0, *scores, 0.1, 0.1))

    def drift(self, arm: str = "stable") -> float | None:
        return self._registry.get_sample_value("paceline_shadow_score_psi", {"label": "next", "arm": arm})


@pytest.fixture
def measured() -> Measured:
    return Measured()


def test_scores_that_differ_drift(measured: Measured) -> None:
    measured.compare(1, 2, (LOW, LOW))
    assert measured.drift() == pytest.approx(0, abs=1e-6)
    measured.compare(1, 2, (LOW, HIGH))
    assert (measured.drift() or 0) > 0.5


@pytest.mark.parametrize(("live", "shadow"), [(1, 3), (3, 2)])
def test_scores_of_another_version_are_not_mixed_with_those_before(
    measured: Measured, live: int, shadow: int
) -> None:
    measured.compare(1, 2, (LOW, HIGH))
    measured.compare(live, shadow, (LOW[:10], LOW[:10]))
    assert math.isnan(measured.drift() or 0)
    measured.compare(live, shadow, (LOW, LOW))
    assert measured.drift() == pytest.approx(0, abs=1e-6)


def test_the_arms_of_a_split_are_measured_apart(measured: Measured) -> None:
    """Or requests that versions answer by turns would never come to enough scores."""
    for _ in range(50):
        measured.compare(1, 3, (LOW[::50], LOW[::50]), "stable")
        measured.compare(2, 3, (LOW[::50], HIGH[::50]), "canary")
    assert measured.drift("stable") == pytest.approx(0, abs=1e-6)
    assert (measured.drift("canary") or 0) > 0.5
