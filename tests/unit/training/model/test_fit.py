from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from contract.stubs import manifest_pb2 as pb
from tests.support.model_inputs import (
    RANKING_INPUTS,
    draw_labels,
    draw_rows,
    log_number,
    number,
    text,
    texts,
    vector,
    whole,
)
from training.errors import SpecError
from training.model.fit import fit
from training.model.fitted import FittedModel
from training.model.spec import ModelSpec
from training.table import Table

pytestmark = pytest.mark.slow

Law = Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]
"""From columns to logits."""
LETTERS = [text("left"), text("right"), number("size")]
QUICK: Mapping[str, Any] = {"layer_sizes": (16,), "embedding_size": 4, "batch_size": 64, "dropout": 0.0}
WIDE: Mapping[str, Any] = {"deep": False, "wide_learning_rate": 0.1, "wide_l1": 0.1}
DEEP: Mapping[str, Any] = {"wide": False, "deep_learning_rate": 0.01}


def _fit(
    inputs: list[pb.Input], rows: Table, on_epoch: Callable[..., None] = lambda *_: None, **fields: Any
) -> FittedModel:
    """Fits to the first three quarters of the rows, and validates on the rest."""
    cut = 3 * len(rows) // 4
    spec = ModelSpec(**{**QUICK, **fields})
    return fit(inputs, rows.take(np.arange(cut)), rows.take(np.arange(cut, len(rows))), spec, on_epoch)


def _draw(law: Law) -> tuple[Table, float]:
    """Returns rows whose labels follow a law, and the AUC of who knows it."""
    rng = np.random.default_rng(5)
    letters = np.array(["a", "b", "c"], dtype=object)
    columns = {name: letters[rng.integers(0, 3, 4000)] for name in ("left", "right")}
    columns["size"] = rng.normal(size=4000).astype(np.float32)
    logits = law(columns)
    labels = draw_labels(logits, rng)
    return Table(columns, labels), float(roc_auc_score(labels, logits))


def _auc(model: FittedModel) -> float:
    return max(figures["validation_auc"] for figures in model.history)


def _combination(columns: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Both a or neither: no sum of a weight for each can tell."""
    return np.where((columns["left"] == "a") == (columns["right"] == "a"), 2.0, -2.0)


def _sum(columns: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    logits: NDArray[Any] = 2.0 * (columns["left"] == "a") - 2.0 * (columns["right"] == "b") + columns["size"]
    return logits


def test_the_wide_part_learns_a_combination_only_from_its_cross() -> None:
    rows, best = _draw(_combination)

    crossed = _fit(LETTERS, rows, **WIDE, epochs=3, crosses=(("left", "right"),))
    uncrossed = _fit(LETTERS, rows, **WIDE, epochs=3)

    assert _auc(crossed) > best - 0.03
    assert _auc(uncrossed) < best - 0.1


@pytest.mark.parametrize(("law", "parts"), [(_sum, WIDE), (_sum, DEEP), (_combination, DEEP), (_sum, {})])
def test_each_part_learns_what_it_can(law: Law, parts: Mapping[str, Any]) -> None:
    rows, best = _draw(law)

    assert _auc(_fit(LETTERS, rows, epochs=6, **parts)) > best - 0.03


def test_the_same_seed_gives_the_same_model_bit_for_bit() -> None:
    rows = draw_rows(600, seed=1)
    crosses = (("country", "discipline"), ("preferred_times", "discipline"))

    first, second = (_fit(RANKING_INPUTS, rows, epochs=2, crosses=crosses, dropout=0.3) for _ in range(2))

    assert first.history == second.history
    assert first.predict(rows.columns).tobytes() == second.predict(rows.columns).tobytes()


def test_training_stops_when_the_validation_auc_stops_rising_and_keeps_the_best_weights() -> None:
    rows = draw_rows(600, seed=1)
    epochs: list[tuple[int, int]] = []
    train, validation = rows.take(np.arange(450)), rows.take(np.arange(450, 600))
    spec = ModelSpec(**QUICK, deep_learning_rate=0.02, epochs=30, patience=2)

    model = fit(RANKING_INPUTS, train, validation, spec, lambda epoch, most, _: epochs.append((epoch, most)))

    aucs = [figures["validation_auc"] for figures in model.history]
    best = int(np.argmax(aucs))
    assert len(aucs) == best + 1 + 2 < 30
    assert epochs == [(epoch, 30) for epoch in range(1, len(aucs) + 1)]
    assert roc_auc_score(validation.labels, model.predict(validation.columns)) == pytest.approx(aucs[best])


def test_a_stronger_l1_leaves_the_wide_part_without_effect() -> None:
    rows, _ = _draw(_sum)

    scores = _fit(LETTERS, rows, **{**WIDE, "wide_l1": 1e6}, epochs=1).predict(rows.columns)

    assert np.ptp(scores) == 0


def test_in_bfloat16_a_model_learns_as_much_and_predicts_in_float32() -> None:
    rows, best = _draw(_combination)

    model = _fit(LETTERS, rows, **DEEP, epochs=6, precision="bfloat16", batch_norm=True)

    assert _auc(model) > best - 0.03
    scores = model.predict(rows.columns)
    assert len(np.unique(scores.view(np.uint32) & 0xFFFF)) > 100, "the scores have more digits than bfloat16 has"


def test_l2_shrinks_what_the_embeddings_say() -> None:
    rows, _ = _draw(_combination)
    letters = LETTERS[:2]

    free, shrunk = (
        np.std(_fit(letters, rows, **DEEP, l2=l2, epochs=1).predict(rows.columns)) for l2 in (0.0, 10.0)
    )

    assert shrunk < 0.8 * free


def test_columns_without_values_or_with_one_give_finite_scores() -> None:
    inputs = [text("t"), texts("ts", 2), whole("w"), number("n"), log_number("ln"), number("one"), vector("v", 2)]
    rows = {
        "t": np.full(40, "", dtype=object),
        "ts": np.full((40, 2), "", dtype=object),
        "w": np.full(40, np.iinfo(np.int64).min),
        "n": np.full(40, np.nan, np.float32),
        "ln": np.full(40, np.nan, np.float32),
        "one": np.full(40, 3, np.float32),
        "v": np.full((40, 2), np.nan, np.float32),
    }
    labels = np.tile([0, 1], 20).astype(np.float32)

    model = _fit(inputs, Table(rows, labels), epochs=1, crosses=(("t", "n"), ("ts", "one")), batch_norm=True)

    assert np.isfinite(model.predict(rows)).all()
    assert [v.value_count for v in model.vocabularies()] == [0, 0, 0]


@pytest.mark.parametrize(
    ("inputs", "crosses", "message"),
    [([text("hours per week")], (), "'hours per week'"), (LETTERS, (("left", "age"),), "'age' can't be crossed")],
)
def test_what_can_not_be_fitted_is_refused_by_name(
    inputs: list[pb.Input], crosses: tuple[tuple[str, ...], ...], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        _fit(inputs, _draw(_sum)[0], crosses=crosses)


def test_an_ensemble_is_the_mean_of_networks_of_rising_seeds() -> None:
    rows, _ = _draw(_sum)
    prices = Table(rows.columns, (50_000 + 10_000 * _sum(rows.columns)).astype(np.float32))
    fields: Mapping[str, Any] = {"objective": "regression", "epochs": 1, "batch_norm": True, "dropout": 0.2}
    epochs: list[int] = []

    ensemble = _fit(LETTERS, prices, lambda epoch, *_: epochs.append(epoch), ensemble_size=2, seed=4, **fields)

    alone = [_fit(LETTERS, prices, seed=seed, **fields).predict(rows.columns) for seed in (4, 5)]
    np.testing.assert_allclose(ensemble.predict(rows.columns), np.mean(alone, axis=0), rtol=1e-5)
    assert np.abs(alone[0] - alone[1]).max() > 100
    assert epochs == [1, 2]


def test_a_regression_learns_a_number_in_its_own_unit() -> None:
    rows, _ = _draw(_sum)
    prices = Table(rows.columns, (50_000 + 10_000 * _sum(rows.columns)).astype(np.float32))

    model = _fit(LETTERS, prices, objective="regression", epochs=6, wide_learning_rate=0.1, wide_l1=0.1)

    errors = model.predict(rows.columns) - prices.labels
    assert np.sqrt(np.mean(errors**2)) < 0.25 * prices.labels.std()
    best = min(figures["validation_rmse"] for figures in model.history)
    assert best == pytest.approx(np.sqrt(np.mean(errors[3000:] ** 2)), rel=1e-3)
    assert model.calibration() is None
