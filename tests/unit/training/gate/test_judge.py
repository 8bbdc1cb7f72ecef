"""Each check, on evidence that is sound but for one thing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from contract.stubs.manifest_pb2 import GateCheck
from tests.support.gate import EXPORTED, IS_HOME, LABELS, NOISE, PROBABILITIES, ROWS, evidence, popularity, serving
from training.gate.baselines import over_baselines
from training.gate.calibration import calibration
from training.gate.evidence import Evidence, Serving
from training.gate.figures import REGRESSION
from training.gate.judge import CHECKS, Check, judge
from training.gate.mechanics import latency, served_scores, size
from training.gate.serving import on_slices, over_serving, serving_version
from training.gate.spec import GateSpec
from training.slices import Slice

SPEC = GateSpec()


def _failed(found: Evidence, *checks: Check, spec: GateSpec = SPEC) -> dict[tuple[str, str], GateCheck]:
    """Returns what did not pass of some of the checks; of all if none is given."""
    judged = [each for check in checks or CHECKS for each in check(found, spec)]
    return {(each.name, each.slice): each for each in judged if not each.passed}


def _one(found: Evidence, check: Check, name: str, part: str = "", spec: GateSpec = SPEC) -> GateCheck:
    (one,) = [each for each in check(found, spec) if (each.name, each.slice) == (name, part)]
    return one


def _between(share: float) -> np.ndarray[Any, Any]:
    """Scores that are as right as the share says."""
    return np.where(share > NOISE, PROBABILITIES, np.random.default_rng(2).permutation(PROBABILITIES))


def test_a_sound_model_passes_every_check() -> None:
    checks = judge(evidence(), SPEC)

    assert not [check.name for check in checks if not check.passed]
    assert {check.name for check in checks if not check.slice} == {
        "auc_gain_over_constant_rate",
        "log_loss_gain_over_constant_rate",
        "auc_gain_over_popularity",
        "serving_version",
        "auc_gain_over_serving",
        "log_loss_gain_over_serving",
        "calibration",
        "calibration_error",
        "served_scores_of_serving_default",
        "served_scores_of_rank",
        "latency_milliseconds",
        "size_megabytes",
    }
    assert {check.slice for check in checks} == {"", "surface=home", "surface=search"}


def test_a_model_no_better_than_a_baseline_is_refused() -> None:
    same = evidence(baselines=[popularity(PROBABILITIES)])

    assert _failed(same).keys() == {("auc_gain_over_popularity", "")}


def test_a_gain_over_a_baseline_that_may_be_chance_is_refused() -> None:
    """It is above zero, and its interval is not."""
    barely = evidence(baselines=[popularity(_between(0.995))])

    found = _one(barely, over_baselines, "auc_gain_over_popularity")

    assert not found.passed
    assert found.found < 0
    assert found.message.startswith("+")


def test_a_log_loss_above_the_constant_rates_is_refused() -> None:
    """Right in order and wrong in value."""
    wrong = evidence(scores=(PROBABILITIES**0.2).astype(np.float32), serving=None)

    assert _failed(wrong, over_baselines).keys() == {("log_loss_gain_over_constant_rate", "")}


def test_the_first_version_has_nothing_to_be_compared_with() -> None:
    first = evidence(serving=None)

    assert not _failed(first)
    assert "no version serves yet" in _one(first, serving_version, "serving_version").message
    assert not [*over_serving(first, SPEC), *on_slices(first, SPEC)]


def test_a_serving_version_that_can_not_be_compared_with_refuses() -> None:
    unread = evidence(serving=Serving(3, problem="version 3 has no manifest"))

    failed = _failed(unread)

    assert failed.keys() == {("serving_version", "")}
    assert failed["serving_version", ""].message == "version 3 has no manifest"


def test_a_serving_version_that_has_seen_the_rows_is_told() -> None:
    seen = evidence(serving=replace(serving(), has_seen_rows=True))

    assert "trained on some of these rows" in _one(seen, serving_version, "serving_version").message


def test_a_model_worse_than_the_serving_version_is_refused() -> None:
    worse = evidence(scores=_between(0.9).astype(np.float32))

    failed = _failed(worse, over_serving)

    assert failed.keys() == {("auc_gain_over_serving", ""), ("log_loss_gain_over_serving", "")}


def test_a_loss_within_the_tolerance_passes_and_beyond_it_does_not() -> None:
    less = evidence(scores=_between(0.99).astype(np.float32), slices=[])
    low = _one(less, over_serving, "auc_gain_over_serving").found
    assert low < -0.001

    for tolerance, passes in ((-low + 1e-6, True), (-low - 1e-6, False)):
        spec = GateSpec(auc_tolerance=tolerance)
        assert _one(less, over_serving, "auc_gain_over_serving", spec=spec).passed is passes


def test_too_few_rows_to_tell_refuse() -> None:
    """The candidate may be as good as the serving version; forty rows can't show it."""
    few = np.arange(ROWS) < 40
    whole = evidence(serving=serving(_between(0.8)))

    short = replace(whole, table=whole.table.take(few), scores=whole.scores[few], slices=[], baselines=[])
    short = replace(short, serving=serving(_between(0.8)[few]))

    assert ("auc_gain_over_serving", "") in _failed(short, over_serving)


def _worse_at_home(share: float) -> Evidence:
    return evidence(scores=np.where(IS_HOME, _between(share), PROBABILITIES).astype(np.float32))


def test_a_slice_that_got_worse_is_refused_though_the_whole_did_not() -> None:
    found = _worse_at_home(0.4)
    lax = GateSpec(auc_tolerance=0.06, loss_tolerance=0.12)

    assert _failed(found, over_serving, on_slices, spec=lax).keys() == {
        ("auc_gain_over_serving", "surface=home"),
        ("log_loss_gain_over_serving", "surface=home"),
    }


def test_the_more_slices_there_are_the_surer_each_has_to_be() -> None:
    """Holm's method: what refuses alone does not among eight that are sound."""
    found = _worse_at_home(0.88)
    home, others = [found.slices[0]], [Slice(str(i), "other", ~IS_HOME) for i in range(8)]
    failed = {("auc_gain_over_serving", "surface=home"), ("log_loss_gain_over_serving", "surface=home")}

    assert _failed(replace(found, slices=home), on_slices).keys() == failed
    assert not _failed(replace(found, slices=[*home, *others]), on_slices)


def test_a_slice_below_the_size_is_not_looked_at() -> None:
    for rows, parts in ((299, {"surface=home", "surface=search", "members=new"}), (1001, {"surface=search"})):
        assert {check.slice for check in on_slices(evidence(), GateSpec(slice_rows=rows))} == parts


def test_a_slice_of_one_label_has_no_auc_and_still_a_log_loss() -> None:
    negative = Slice("none", "odd", LABELS == 0)

    (found,) = on_slices(evidence(slices=[negative]), SPEC)

    assert (found.name, found.passed) == ("log_loss_gain_over_serving", True)


@pytest.mark.parametrize(("factor", "passes"), [(0.75, False), (0.85, True), (1.2, True), (1.3, False)])
def test_the_mean_score_has_to_be_near_the_mean_label(factor: float, *, passes: bool) -> None:
    rates = np.full(ROWS, LABELS.mean() * factor, np.float32)

    found = _one(evidence(scores=rates), calibration, "calibration")

    assert found.passed is passes
    assert found.found == pytest.approx(factor, abs=1e-4)


def test_the_calibration_error_may_be_what_chance_gives_and_a_bit_more() -> None:
    """One bin of 4,000 rows with the probability p: chance gives sqrt(2 p (1 - p) / (pi 4000))."""
    rate = float(LABELS.mean())

    found = _one(evidence(scores=np.full(ROWS, rate, np.float32)), calibration, "calibration_error")

    by_chance = np.sqrt(2 * rate * (1 - rate) / np.pi / ROWS)
    assert found.highest == pytest.approx(0.05 + by_chance, rel=1e-5)
    swapped = evidence(scores=(1 - PROBABILITIES).astype(np.float32))
    assert ("calibration_error", "") in _failed(swapped, calibration)


EXPORTS: list[tuple[Mapping[str, Any], str]] = [
    ({"differences": {"serving_default": 1.1e-5, "rank": 0.0}}, "served_scores_of_serving_default"),
    ({"differences": {"serving_default": 0.0, "rank": 0.02}}, "served_scores_of_rank"),
    ({"differences": {"serving_default": 0.0, "rank": float("nan")}}, "served_scores_of_rank"),
    ({"latency_milliseconds": 50.1}, "latency_milliseconds"),
    ({"size_bytes": 500_000_001}, "size_megabytes"),
]


@pytest.mark.parametrize(("change", "name"), EXPORTS)
def test_a_saved_model_that_is_not_fit_is_refused(change: Mapping[str, Any], name: str) -> None:
    assert _failed(evidence(exported=replace(EXPORTED, **change)), served_scores, latency, size).keys() == {
        (name, "")
    }


def test_scores_that_are_no_numbers_are_refused() -> None:
    scores = PROBABILITIES.astype(np.float32)
    scores[7] = np.nan
    unsound = evidence(scores=scores, figures=REGRESSION, baselines=[], slices=[])

    assert {name for name, _ in _failed(unsound)} == {"rmse_gain_over_serving", "bias"}


def test_values_are_judged_by_their_errors_and_bias() -> None:
    """A regression: no AUC, no log loss, no bins."""
    values = evidence(figures=REGRESSION)
    assert {check.name for check in judge(values, SPEC) if not check.slice} >= {
        "rmse_gain_over_constant_rate",
        "rmse_gain_over_serving",
        "bias",
    }
    assert not _failed(values)

    shifted = replace(values, scores=values.scores + np.float32(0.2))

    assert {name for name, part in _failed(shifted) if not part} >= {"rmse_gain_over_serving", "bias"}
