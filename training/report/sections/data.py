"""What the inputs of the training rows are like, and what has moved since the last training."""

from collections.abc import Iterator

from contract.columns import missing_marker
from contract.distributions import stability_index
from training.report.page import Cell, Rows, Section, Text
from training.report.statistics import MOST_ROWS, CategoryStatistics, NumberStatistics, Statistics, sample_rows
from training.report.subject import Reported

LARGE = 0.25
NOTABLE = 0.1
"""Usual bounds for the population stability index (Siddiqi, Credit Risk Scorecards, 2006)."""
_SHOWN_TENTHS = (0, 1, 5, 9, 10)
_NUMBER_HEADINGS = ("number", "missing", "mean", "deviation", "least", "10 %", "median", "90 %", "greatest")


def data(reported: Reported) -> Section:
    """Returns the statistics of each input, and its drift."""
    now = reported.statistics
    drift = drifts(reported, reported.previous) if reported.previous else {}
    return Section("Data and drift", [Text(_summary(now, reported.previous, drift)), *_tables(now, drift)])


def drifts(reported: Reported, previous: Statistics) -> dict[str, float]:
    """Returns by input the population stability index of the training rows against those of the last training."""
    train = reported.candidate.splits.train
    rows = sample_rows(len(train), MOST_ROWS)
    found = {}
    for spec in reported.candidate.inputs:
        column = train.columns[spec.name][rows]
        if spec.name in previous.numbers and spec.name in reported.statistics.numbers:
            number = previous.numbers[spec.name]
            found[spec.name] = stability_index(number.shares, number.shares_of(column))
        elif spec.name in previous.categories and spec.name in reported.statistics.categories:
            category = previous.categories[spec.name]
            found[spec.name] = stability_index(category.shares, category.shares_of(column, missing_marker(spec)))
    return found


def _summary(now: Statistics, previous: Statistics | None, drift: dict[str, float]) -> str:
    rows = f"{now.row_count:,} training rows with a mean label of {now.label_mean:.4f}"
    if previous is None:
        return f"{rows}. There is no earlier training to compare with."
    moved = [f"{name} ({index:.2f})" for name, index in drift.items() if index >= NOTABLE]
    before = f"the last training had {previous.row_count:,} and {previous.label_mean:.4f}"
    return f"{rows}; {before}. {'Moved: ' + ', '.join(moved) if moved else 'No input has moved notably'}."


def _tables(now: Statistics, drift: dict[str, float]) -> Iterator[Rows]:
    reading = (
        f"Drift is the population stability index against the last training: from {NOTABLE} on notable, from "
        f"{LARGE} on large (marked)."
    )
    large = [name for name, index in drift.items() if index >= LARGE]
    if now.numbers:
        numbers = [_number_row(name, number, drift) for name, number in now.numbers.items()]
        yield Rows([*_NUMBER_HEADINGS, "drift"], numbers, reading, large)
    if now.categories:
        categories = [_category_row(name, category, drift) for name, category in now.categories.items()]
        yield Rows(["category", "missing", "values", "most frequent", "drift"], categories, reading, large)


def _number_row(name: str, number: NumberStatistics, drift: dict[str, float]) -> list[Cell]:
    quantiles = [number.quantiles[tenth] for tenth in _SHOWN_TENTHS]
    return [name, _share(number.missing), number.mean, number.deviation, *quantiles, _drift(name, drift)]


def _category_row(name: str, category: CategoryStatistics, drift: dict[str, float]) -> list[Cell]:
    frequent = ", ".join(f"{value} {share:.0%}" for value, share in list(category.top.items())[:4])
    return [name, _share(category.missing), category.distinct, frequent, _drift(name, drift)]


def _share(share: float) -> str:
    return f"{share:.1%}" if share else "none"


def _drift(name: str, drift: dict[str, float]) -> str:
    return f"{drift[name]:.3f}" if name in drift else "new"
