import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fleet import Core, measured_core, plan_fleet, simulate


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_a_core_that_takes_one_at_a_time_is_a_queue_with_the_waiting_time_of_the_formula(load: float) -> None:
    """Pollaczek and Khinchine: with constant service s the mean wait is s load / (2 (1 - load))."""
    core = Core(call_seconds=0.001, request_seconds=0.001, most=1)

    seconds = simulate(core, load * core.capacity, seed=3)

    assert seconds.mean() == pytest.approx(0.002 + 0.002 * load / (2 * (1 - load)), rel=0.1)


def test_a_request_alone_takes_a_call_and_itself() -> None:
    core = Core(call_seconds=0.003, request_seconds=0.001, most=32)

    assert np.percentile(simulate(core, 0.1, seed=1), 50) == pytest.approx(0.004)


@given(st.floats(0.0001, 0.1), st.floats(0.0001, 0.1), st.integers(2, 64), st.integers(1, 100))
def test_what_was_measured_is_what_the_core_does(call: float, each: float, in_flight: int, most: int) -> None:
    together = min(in_flight, most)

    core = measured_core(1e3 * (call + each), together / (call + together * each), in_flight, most)

    alone = core.call_seconds + core.request_seconds
    many = core.call_seconds / together + core.request_seconds
    assert alone == pytest.approx(call + each)
    assert many == pytest.approx(call / together + each)


def test_a_fleet_has_enough_cores_with_a_zone_lost() -> None:
    core = Core(call_seconds=0.001, request_seconds=0.001, most=32)

    fleet = plan_fleet(core, requests_per_second=10_000, p99_ms=20, zones=3)

    assert fleet.cores is not None
    assert fleet.cores % 3 == 0
    assert fleet.cores * 2 / 3 * fleet.requests_per_second >= 10_000
    assert fleet.p99_ms <= 20
    assert fleet.core_hours_per_million == pytest.approx(fleet.cores / 10_000 * 1e6 / 3600)


def test_a_stricter_limit_needs_more_cores_and_an_impossible_one_has_none() -> None:
    core = Core(call_seconds=0.001, request_seconds=0.001, most=32)

    lax, strict, impossible = (
        plan_fleet(core, requests_per_second=10_000, p99_ms=limit, zones=3) for limit in (40, 5, 1)
    )

    assert lax.cores is not None
    assert strict.cores is not None
    assert strict.cores > lax.cores
    assert impossible.cores is None
