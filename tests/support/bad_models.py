"""The tiny model with one thing wrong with it. Importing this imports TensorFlow."""

from typing import Any

import tensorflow as tf

from tests.support.saved_models import LinearModel


class Looping(LinearModel):
    """Never ends to rank for a member without a liking."""

    def rank(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        is_endless = inputs["liking"][0] == 0
        (endless,) = tf.while_loop(lambda _: is_endless, lambda turns: [turns + 1], [tf.constant(0)])
        return super().rank(**_as_if_needed(inputs, tf.cast(endless, tf.float32)))


class Slow(LinearModel):
    """Multiplies large matrices to rank, for nothing."""

    def rank(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        wide = tf.repeat(inputs["liking"][:, None], 1000, axis=1)
        product = tf.matmul(wide, wide, transpose_a=True)
        return super().rank(**_as_if_needed(inputs, tf.reduce_sum(tf.matmul(product, product))))


class Unbounded(LinearModel):
    """Gives logits for scores."""

    def score_rows(self, **rows: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"score": self.weight * rows["minutes"]}


class OtherOrder(LinearModel):
    """Ranks the classes the other way round, with the scores of the right ones."""

    def rank(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        ranking = super().rank(**inputs)
        return {**ranking, "positions": tf.reverse(ranking["positions"], axis=[1])}


class WorstPage(LinearModel):
    """Ranks all classes as it should, but gives the last of them where fewer are asked for."""

    def rank(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        count = inputs["count"]
        ranking = super().rank(**{**inputs, "count": tf.shape(inputs["candidates"])[1]})
        return {name: values[:, -count:] for name, values in ranking.items()}


class WithoutEncoding(LinearModel):
    """Has no signature for the classes."""

    def signatures(self) -> dict[str, Any]:
        signatures = super().signatures()
        del signatures["encode_classes"]
        return signatures


class DoubleScores(LinearModel):
    """Gives scores of another dtype."""

    def score_rows(self, **rows: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"score": tf.cast(super().score_rows(**rows)["score"], tf.float64)}


def _as_if_needed(inputs: dict[str, tf.Tensor], value: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns inputs that are what they were, which TensorFlow can't know before it has computed `value`."""
    return {**inputs, "liking": inputs["liking"] + tf.minimum(tf.abs(value), 0)}
