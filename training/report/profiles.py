"""The statistics of a training as the manifest tells them to those who compare what is served."""

from collections.abc import Iterator

import numpy as np

from contract.stubs.manifest_pb2 import InputProfile
from training.report.statistics import CategoryStatistics, NumberStatistics, Statistics


def input_profiles(statistics: Statistics) -> Iterator[InputProfile]:
    """Yields the profile of each input that has statistics."""
    for name, number in statistics.numbers.items():
        yield _of_number(name, number)
    for name, category in statistics.categories.items():
        yield _of_category(name, category)


def _of_number(name: str, number: NumberStatistics) -> InputProfile:
    present = max(1 - number.missing, 1e-9)
    return InputProfile(
        input_name=name,
        missing_share=number.missing,
        edges=np.unique(number.quantiles[1:-1]).tolist(),
        shares=[share / present for share in number.shares[1:]],
    )


def _of_category(name: str, category: CategoryStatistics) -> InputProfile:
    others = max(0.0, 1 - sum(category.top.values()))
    return InputProfile(
        input_name=name,
        missing_share=category.missing,
        values=list(category.top),
        shares=[*category.top.values(), others],
    )
