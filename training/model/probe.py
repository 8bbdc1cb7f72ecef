"""A linear probe of the first hidden layer (Alain & Bengio, ICLR 2017 workshop), to find what is worth ranking.

The layers above the first take most of the time of a ranking. Most of what they make of its activations is a
weighted sum of some of them, which costs a class no matrix product. A server looks through all classes with that
and the wide part, and scores the best by the whole network: the probe only decides what is left out.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class Catalogue(NamedTuple):
    """Classes as they are looked through, which is once for each member."""

    probe: Any
    """What `Probe.read` gives of them, unit by unit ``[n, classes]`` float32."""
    wide: Any
    """The sum of each one's own weights, ``[classes]`` float32."""
    combination: Any
    """Where its combination of crosses is, ``[classes]`` int32."""


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
            classes: What it gives of classes, unit by unit ``[n, classes]``.
        """
        # Unit by unit, as OpenVINO then writes but the sums; to reduce an axis takes it five times as long.
        count = len(self.units)
        units = zip(tf.split(member, count, axis=1), tf.split(classes, count), self.weights, strict=True)
        return tf.add_n([weight * tf.nn.relu(state + states) for state, states, weight in units])
