"""A draw that NumPy lacks."""

import numpy as np
from numpy.typing import NDArray


def points(
    rng: np.random.Generator, lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Returns a point at or above each `lower` and truly below each `upper`, however the sums are rounded."""
    return np.nextafter(lower + rng.random(len(lower)) * (upper - lower), lower)
