import math
from collections.abc import Sequence

import pytest

from training.errors import TuningError
from training.model.spec import ModelSpec
from training.tuning.plot import draw_search
from training.tuning.results import Trial, best_trial, to_csv
from training.tuning.space import SearchSpace

SPACE = SearchSpace(ModelSpec(crosses=(("a", "b"),)))


def _trials(*outcomes: tuple[str, float]) -> Sequence[Trial]:
    return [
        Trial(number, state, auc, 3, 1.5, SPACE.first, "too large" if state == "failed" else "")
        for number, (state, auc) in enumerate(outcomes, start=1)
    ]


def test_the_best_is_complete_and_the_first_of_equals() -> None:
    trials = _trials(("complete", 0.6), ("pruned", 0.9), ("complete", 0.7), ("complete", 0.7))

    assert best_trial(trials).number == 3


def test_without_a_complete_trial_the_reason_is_named() -> None:
    with pytest.raises(TuningError, match="no trial of 2 succeeded: too large"):
        best_trial(_trials(("pruned", 0.5), ("failed", math.nan)))
    with pytest.raises(TuningError, match="no trial of 0 succeeded: the time was up"):
        best_trial([])


def test_the_file_has_a_row_for_each_trial_and_a_column_for_each_parameter() -> None:
    header, first, second = to_csv(_trials(("complete", 0.625), ("failed", math.nan))).splitlines()

    assert header.startswith("trial,state,validation_auc,epochs,seconds,layer_sizes,embedding_size")
    assert header.endswith("a x b,reason")
    assert first.startswith('1,complete,0.625000,3,1.5,"128,64",16')
    assert second.endswith("True,too large")


def test_the_picture_names_every_parameter_and_the_best_trial() -> None:
    trials = _trials(("complete", 0.6), ("complete", 0.7), ("pruned", 0.1), ("failed", math.nan))

    svg = draw_search(trials, SPACE.distributions).decode()

    for text in (*SPACE.distributions, "best, trial 2", "best so far", "given up early", "AUC on validation"):
        assert f"<!-- {text} -->" in svg
    assert "1 reached less" in svg


def test_a_single_trial_can_be_drawn() -> None:
    assert b"best, trial 1" in draw_search(_trials(("complete", 0.6)), SPACE.distributions)
