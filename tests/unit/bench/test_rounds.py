import pytest

from bench import load
from bench.errors import BenchError
from bench.load import Load
from bench.rounds import best_of_each_round, figures, ratios

OURS = [Load(requests_per_second=rate, p50_ms=1.0, p99_ms=2.0) for rate in (100, 300, 200)]
FIRST = [Load(requests_per_second=rate, p50_ms=1.0, p99_ms=2.0) for rate in (50, 100, 50)]
SECOND = [Load(requests_per_second=rate, p50_ms=1.0, p99_ms=2.0) for rate in (25, 50, 100)]


def test_figures_are_medians_with_the_spread() -> None:
    assert figures(OURS) == {
        "requests_per_second": 200,
        "requests_per_second_range": [100, 300],
        "p50_ms": 1.0,
        "p99_ms": 2.0,
    }


def test_a_server_is_compared_with_the_best_of_the_others_round_by_round() -> None:
    best = best_of_each_round([FIRST, SECOND])

    assert [found.requests_per_second for found in best] == [50, 100, 100]
    assert ratios(OURS, best) == {"median": 2.0, "least": 2.0, "greatest": 3.0}


def test_answers_that_are_too_short_are_failures() -> None:
    output = "traffic: 11.86KB (12144) total, 5.59KB (5727) headers (space savings 34.52%), 5.08KB (5200) data\n"

    load._check_received(output, 5200)
    with pytest.raises(BenchError, match="the answers have 5200 bytes, expected 5201"):
        load._check_received(output, 5201)
