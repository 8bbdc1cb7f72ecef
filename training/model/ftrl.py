"""The state of FTRL that stands for weights learned before."""

import numpy as np
from numpy.typing import NDArray

from training.model.optimizers import FTRL_START


def linear_terms(weights: NDArray[np.float32], rate: float, l1: float) -> NDArray[np.float32]:
    """Returns the linear terms z from which FTRL's first step starts at `weights`; any shape.

    The weight of accumulator n and linear term z is ``-(z - sign(z) l1) rate / sqrt(n)``, and 0 where
    ``|z| <= l1`` (McMahan et al., KDD 2013, algorithm 1; beta is 0). So ``z = -(w sqrt(n) / rate + sign(w) l1)``,
    with the n that accumulators start at; of a weight of 0, z is 0.
    """
    terms = weights * (np.sqrt(FTRL_START) / rate) + np.sign(weights) * l1
    return np.asarray(-terms, np.float32)
