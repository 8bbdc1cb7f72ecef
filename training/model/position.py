"""The bias of where a row was shown, which training explains away (Zhao et al., RecSys 2019, section 4.3)."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class PositionBias(keras.layers.Layer):
    """One weight for each position, added to the logit in training.

    Nothing else of the model sees the position, so what comes of it alone is no merit of what was shown there. As
    nobody knows the position of what is yet to be ranked, scores take the mean of the training rows.

    Its only weight, `table`, is ``[positions]`` float32 and starts at 0.
    """

    def __init__(self, positions: NDArray[np.int32]) -> None:
        """Takes the positions of the training rows, from 0."""
        super().__init__()
        self._shares = (np.bincount(positions) / len(positions)).astype(np.float32)
        self.table = self.add_weight(shape=self._shares.shape, initializer="zeros", name="table")

    def call(self, positions: Any) -> Any:
        """Returns ``[rows]`` float32 for ``[rows]`` int32."""
        return tf.gather(self.table, positions)

    def mean(self) -> Any:
        """Returns the mean over the training rows, ``[]`` float32."""
        return tf.reduce_sum(self.table * self._shares)
