import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.fleet import REQUESTS, Core, at_random, measured_core, plan_fleet, simulate


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_a_core_that_takes_one_at_a_time_is_a_queue_with_the_waiting_time_of_the_formula(load: float) -> None:
    """Pollaczek and Khinchine: with constant service s the mean wait is s load / (2 (1 - load))."""
    core = Core(call_seconds=0.001, request_seconds=0.001, most=1)

    seconds = simulate(core, at_random(load * core.capacity, seed=3))

    assert seconds.mean() == pytest.approx(0.002 + 0.002 * load / (2 * (1 - load)), rel=0.1)


def test_a_request_alone_takes_a_call_and_itself() -> None:
    core = Core(call_seconds=0.003, request_seconds=0.001, most=32)

    assert np.percentile(simulate(core, at_random(0.1, seed=1)), 50) == pytest.approx(0.004)


@settings(max_examples=30)
@given(st.floats(0.001, 0.01), st.floats(0.01, 0.5), st.integers(16, 64))
def test_a_core_is_told_from_the_rate_of_full_batches_and_the_time_at_half_of_it(
    call: float, part: float, most: int
) -> None:
    core = Core(call, part * call, most)
    rate = core.capacity / 2
    steady = simulate(core, np.arange(1, REQUESTS) / rate)

    found = measured_core(rate, float(np.median(steady)) * 1e3, core.capacity, most, most)

    assert found.capacity == pytest.approx(core.capacity)
    assert found.call_seconds == pytest.approx(core.call_seconds, rel=0.25)


@given(st.floats(0.1, 1000), st.floats(0.01, 1e4), st.floats(0.1, 1.0), st.integers(1, 64), st.integers(1, 100))
def test_whatever_was_measured_a_core_answers_as_many_and_takes_no_negative_time(
    full_rate: float, steady_ms: float, share: float, in_flight: int, most: int
) -> None:
    core = measured_core(full_rate * share, steady_ms, full_rate, in_flight, most)

    together = min(in_flight, most)
    assert core.call_seconds >= 0
    assert core.request_seconds >= -1e-12
    assert core.call_seconds / together + core.request_seconds == pytest.approx(1 / full_rate)


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
