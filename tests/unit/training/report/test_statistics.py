import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.columns import to_column
from contract.distributions import stability_index
from tests.support.model_inputs import number, request_time, text, texts
from training.report.statistics import NumberStatistics, Statistics, read_statistics, sample_rows, summarise

INPUTS = [number("minutes"), text("country"), texts("genres", 2), request_time()]


def _summarise(minutes: list[float | None], countries: list[str | None], genres: list[list[str]]) -> Statistics:
    values: dict[str, list[Any]] = {"minutes": minutes, "country": countries, "genres": genres}
    values["request_time"] = [1] * len(minutes)
    columns = {spec.name: to_column(spec, values[spec.name]) for spec in INPUTS}
    return summarise(INPUTS, columns, np.array([1, 0, 0, 0], np.float32))


def test_numbers_have_their_moments_and_quantiles() -> None:
    found = _summarise([1.0, 2.0, None, 6.0], ["nl"] * 4, [["pop"]] * 4)

    minutes = found.numbers["minutes"]
    assert (found.row_count, found.label_mean) == (4, 0.25)
    assert (minutes.missing, minutes.mean) == (0.25, 3.0)
    assert minutes.deviation == pytest.approx(math.sqrt(14 / 3))
    assert (minutes.quantiles[0], minutes.quantiles[5], minutes.quantiles[10]) == (1.0, 2.0, 6.0)
    assert "request_time" not in {**found.numbers, **found.categories}


def test_categories_have_their_most_frequent_values() -> None:
    found = _summarise([1.0] * 4, ["nl", None, "de", "nl"], [["pop", "rock"], [], ["pop"], ["pop"]])

    country, genres = found.categories["country"], found.categories["genres"]
    assert (country.missing, country.distinct) == (0.25, 2)
    assert country.top == pytest.approx({"nl": 2 / 3, "de": 1 / 3})
    assert country.shares == pytest.approx([0.25, 0.5, 0.25, 0.0])
    assert (genres.missing, genres.top) == (0.25, {"pop": 0.75, "rock": 0.25})


def test_shares_of_other_rows_are_in_the_bins_of_these() -> None:
    before = _summarise([1.0, 2.0, 3.0, 4.0], ["nl", "nl", "de", "de"], [["pop"]] * 4)
    now = to_column(INPUTS[1], ["nl", "be", None, "be"])

    assert before.categories["country"].shares_of(now, "") == pytest.approx([0.25, 0.0, 0.25, 0.5])
    minutes = before.numbers["minutes"]
    assert sum(minutes.shares) == pytest.approx(1)
    assert minutes.shares_of(np.array([1.0, 2.0, 3.0, 4.0], np.float32)) == list(minutes.shares)
    assert minutes.shares_of(np.full(4, np.nan, np.float32))[0] == 1.0


def test_the_stability_index_is_that_of_the_formula() -> None:
    expected = 0.2 * math.log(0.7 / 0.5) + -0.2 * math.log(0.3 / 0.5)

    assert stability_index([0.5, 0.5], [0.7, 0.3]) == pytest.approx(expected)
    assert stability_index([0.5, 0.5], [0.5, 0.5]) == 0
    assert math.isfinite(stability_index([1.0, 0.0], [0.0, 1.0]))


def test_statistics_are_kept_as_they_are(tmp_path: Path) -> None:
    found = _summarise([None] * 4, ["nl", None, "dé", '"'], [["pop"]] * 4)
    path = tmp_path / "statistics.json"
    path.write_text(found.to_json(), encoding="utf-8")

    assert read_statistics(path) == found
    assert found.numbers["minutes"] == NumberStatistics(1.0, 0.0, 0.0, [0.0] * 11, [1.0, 0.0, 0.0])


@pytest.mark.parametrize("text_kept", ["", "[]", '{"row_count": 1}', '{"numbers": {"a": 1}, "categories": {}}'])
def test_what_is_not_statistics_is_none(tmp_path: Path, text_kept: str) -> None:
    path = tmp_path / "statistics.json"
    assert read_statistics(path) is None
    path.write_text(text_kept)
    assert read_statistics(path) is None


def test_a_sample_is_spread_over_all_rows() -> None:
    assert sample_rows(3, 5).tolist() == [0, 1, 2]
    assert sample_rows(101, 3).tolist() == [0, 50, 100]
