from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.model_inputs import RANKING_INPUTS, draw_rows
from training.errors import SpecError
from training.model.checkpoint import Checkpoints
from training.model.fit import fit
from training.model.fitted import FittedModel
from training.model.spec import ModelSpec

pytestmark = pytest.mark.slow

ROWS = draw_rows(600, seed=1)
SPEC = ModelSpec(
    layer_sizes=(8, 4),
    embedding_size=4,
    batch_size=64,
    dropout=0.3,
    batch_norm=True,
    wide_l1=0.1,
    crosses=(("country", "discipline"),),
    epochs=3,
    patience=3,
)


def _fit(folder: Path, on_epoch: Callable[[int], None], spec: ModelSpec = SPEC) -> FittedModel:
    def told(epoch: int, _: int, __: Mapping[str, float]) -> None:
        on_epoch(epoch)

    train, validation = ROWS.take(np.arange(450)), ROWS.take(np.arange(450, 600))
    with Checkpoints(folder, lambda _: None) as checkpoints:
        return fit(RANKING_INPUTS, train, validation, spec, told, checkpoints=checkpoints)


def _interrupt(epoch: int) -> None:
    if epoch == 2:
        raise KeyboardInterrupt


def test_a_training_that_goes_on_gives_the_same_model_bit_for_bit(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path / "interrupted", _interrupt)
    epochs: list[int] = []

    resumed = _fit(tmp_path / "interrupted", epochs.append)
    whole = _fit(tmp_path / "whole", lambda _: None)

    assert epochs == [1, 2, 3]
    assert resumed.history == whole.history
    assert resumed.predict(ROWS.columns).tobytes() == whole.predict(ROWS.columns).tobytes()
    assert [path for folder in tmp_path.iterdir() for path in folder.iterdir()] == []


def test_another_spec_starts_anew(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path, _interrupt)
    (left,) = tmp_path.iterdir()
    epochs: list[int] = []

    _fit(tmp_path, epochs.append, ModelSpec(layer_sizes=(8,), deep_learning_rate=0.02, epochs=1, batch_size=64))

    assert epochs == [1]
    assert list(tmp_path.iterdir()) == [left]


def test_a_training_that_diverges_says_which_rates_to_lower(tmp_path: Path) -> None:
    spec = replace(SPEC, layer_sizes=(32,) * 10, batch_norm=False, dropout=0.0, deep_learning_rate=10.0)
    with pytest.raises(SpecError, match=r"loss of epoch \d+ is (nan|inf), .*lower model.deep_learning_rate"):
        _fit(tmp_path, lambda _: None, spec)
    assert list(tmp_path.iterdir()) == []
