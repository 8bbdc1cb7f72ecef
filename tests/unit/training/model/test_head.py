import numpy as np
import pytest
import tensorflow as tf

from training.model.calibration import Calibration
from training.model.head import Head, LogisticHead, SquaredHead

pytestmark = pytest.mark.slow


def test_a_logistic_head_has_log_losses_and_probabilities() -> None:
    head = LogisticHead.of(np.array([1, 0, 0, 0], np.float32))

    assert head.base_logit == pytest.approx(np.log(1 / 3))
    losses = head.losses(tf.constant([1.0, 0.0]), tf.constant([np.log(3.0), np.log(3.0)], tf.float32))
    np.testing.assert_allclose(losses, [-np.log(0.75), -np.log(0.25)], rtol=1e-6)
    np.testing.assert_allclose(head.scores(tf.constant([[0.0], [np.log(3.0)]])), [[0.5], [0.75]], rtol=1e-6)


def test_only_the_scores_are_calibrated() -> None:
    head = LogisticHead(0.5, Calibration(temperature=2.0, bias=1.0))
    logits = tf.constant([-2.0, 2.0 * (np.log(3.0) - 1)], tf.float32)

    np.testing.assert_allclose(head.scores(logits), [0.5, 0.75], rtol=1e-6)
    assert (head.message().temperature, head.message().bias) == (2, 1)
    np.testing.assert_array_equal(
        head.losses(tf.constant([0.0, 1.0]), logits), LogisticHead(0.5).losses(tf.constant([0.0, 1.0]), logits)
    )


@pytest.mark.parametrize(("labels", "logit"), [([0, 0], -13.815), ([1, 1], 13.815)])
def test_labels_that_are_all_the_same_have_a_finite_base_logit(labels: list[float], logit: float) -> None:
    assert LogisticHead.of(np.array(labels, np.float32)).base_logit == pytest.approx(logit, abs=1e-3)


def test_a_squared_head_works_on_standardised_labels() -> None:
    head: Head = SquaredHead.of(np.array([10, 30], np.float32))  # mean 20, standard deviation 10

    assert head.base_logit == 0
    np.testing.assert_allclose(head.losses(tf.constant([10.0, 40.0]), tf.constant([0.0, 1.0])), [0.5, 0.5])
    np.testing.assert_allclose(head.scores(tf.constant([[0.0], [-1.5]])), [[20], [5]])
    assert (head.calibrated(np.array([1], np.float32), np.array([1], np.float32)), head.message()) == (head, None)


def test_figures_tell_the_best_epoch() -> None:
    labels = np.array([1, 0, 0], np.float32)
    logistic, squared = LogisticHead(0.5), SquaredHead(0.0, 2.0)

    good, bad = (logistic.measure(labels, np.array(logits, np.float32)) for logits in ([0, -1, -2], [0, 1, -2]))
    assert (good["validation_auc"], bad["validation_auc"]) == (1, 0.5)
    assert logistic.goodness(good) > logistic.goodness(bad)
    good, bad = (squared.measure(labels, np.array(logits, np.float32)) for logits in ([0.5, 0, 0], [1, 1, 0]))
    assert good["validation_rmse"] == 0
    assert bad["validation_rmse"] == pytest.approx((5 / 3) ** 0.5)
    assert squared.goodness(good) > squared.goodness(bad)
