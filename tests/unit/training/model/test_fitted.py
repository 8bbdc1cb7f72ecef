from collections.abc import Callable

import numpy as np
import pytest

from tests.support.model_inputs import draw_rows
from training.model.fitted import FittedModel

pytestmark = pytest.mark.slow


def test_scores_are_probabilities_whatever_the_batch_size(ranking_model: Callable[[str], FittedModel]) -> None:
    columns = draw_rows(333, seed=9).columns

    at_once, in_parts = (ranking_model("both").predict(columns, batch_size) for batch_size in (1000, 100))

    assert at_once.dtype == np.float32
    assert at_once.shape == (333,)
    assert ((at_once > 0) & (at_once < 1)).all()
    np.testing.assert_allclose(at_once, in_parts, atol=1e-6)


def test_no_rows_have_no_scores(ranking_model: Callable[[str], FittedModel]) -> None:
    columns = {name: column[:0] for name, column in draw_rows(1, seed=9).columns.items()}

    assert ranking_model("both").predict(columns).shape == (0,)


def test_each_vocabulary_is_described_once_under_its_owner(ranking_model: Callable[[str], FittedModel]) -> None:
    vocabularies = {v.input_name: v.value_count for v in ranking_model("both").vocabularies()}

    expected = {
        "member_id",
        "country",
        "preferred_times",
        "plan",
        "surface",
        "class_id",
        "discipline",
        "music_genres",
    }
    assert set(vocabularies) == expected
    assert vocabularies["discipline"] == 3


def test_the_history_has_the_figures_of_each_epoch(ranking_model: Callable[[str], FittedModel]) -> None:
    history = ranking_model("both").history

    assert len(history) == 2
    assert all(set(figures) == {"loss", "validation_loss", "validation_auc"} for figures in history)
    assert history[1]["loss"] < history[0]["loss"]
