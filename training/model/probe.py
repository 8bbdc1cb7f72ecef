"""A linear probe of the first hidden layer (Alain & Bengio, ICLR 2017 workshop), to find what is worth ranking.

The layers above the first take most of the time of a ranking. Most of what they make of its activations is a
weighted sum of some of them, which costs a class no matrix product. A server looks through all classes with that
and the wide part, and scores the best by the whole network: the probe only decides what is left out.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Probe:
    """Reads rough logits off the first hidden layer."""

    units: NDArray[np.int64]
    """Which of its units are read ``[n]``."""
    weights: NDArray[np.float32]
    """What each weighs ``[n]``."""

    def read(self, state: Any) -> Any:
        """Returns the units that are read of a side's share of the layer, ``[rows, n]`` of ``[rows, units]``."""
        return tf.gather(state, self.units, axis=1)

    def score_all(self, member: Any, classes: Any) -> Any:
        """Returns the rough logits of the deep part ``[members, classes]``, up to a number for each member.

        Args:
            member: What `read` gives of members and the layer's bias ``[members, n]``.
            classes: What it gives of classes, ``[classes, n]`` or ``[1 or members, classes, n]``.
        """
        return tf.reduce_sum(tf.nn.relu(member[:, None] + classes) * self.weights, axis=2)
