import numpy as np
from sklearn.metrics import roc_auc_score

from bench.click_table import NUMBER_COUNT, SIZES, draw_clicks, inputs


def test_a_table_has_a_column_for_each_input_and_labels_that_follow_the_truth() -> None:
    clicks = draw_clicks(20_000, seed=1)

    assert list(clicks.rows.columns) == [i.name for i in inputs()]
    assert len(clicks.rows.columns) == NUMBER_COUNT + len(SIZES) == 39
    assert 0.2 < clicks.rows.labels.mean() < 0.4
    assert 0.75 < roc_auc_score(clicks.rows.labels, clicks.logits) < 0.9


def test_tables_of_two_seeds_have_different_rows_of_one_truth() -> None:
    first, again, other = (draw_clicks(20_000, seed=seed) for seed in (1, 1, 2))

    assert np.array_equal(first.logits, again.logits)
    assert not np.array_equal(first.logits, other.logits)
    rates = [_rate(clicks.rows.columns["category_0"], clicks.rows.labels) for clicks in (first, other)]
    np.testing.assert_allclose(rates[0], rates[1], atol=0.05)


def _rate(column: object, labels: object) -> list[float]:
    return [float(np.mean(np.asarray(labels)[np.asarray(column) == value])) for value in range(3)]
