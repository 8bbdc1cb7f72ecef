"""Filters and context features as they are written on the command line."""

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from cli.conditions import parse_feature, parse_filter, parse_value
from paceline import Value, any_of, at_least, at_most, between
from paceline.v1.recommendation_service_pb2 import ClassFilter


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yoga", "yoga"),
        ("20", 20),
        ("-3", -3),
        ("4.5", 4.5),
        ("1.5e3", 1500.0),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ('"20"', "20"),
        ('""', ""),
        ("1e5", "1e5"),
        ("nan", "nan"),
        ("12345678901234567890", "12345678901234567890"),
        ("1_000", "1_000"),
        ("٣", "٣"),
    ],
)
def test_a_value_says_its_own_type(text: str, value: Value) -> None:
    parsed = parse_value(text)
    assert (type(parsed), parsed) == (type(value), value)


@given(st.integers(-(10**18) + 1, 10**18 - 1) | st.booleans() | st.text().filter(lambda text: '"' not in text))
def test_every_value_can_be_written(value: Value) -> None:
    text = f'"{value}"' if isinstance(value, str) else str(value).lower()
    assert parse_value(text) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("discipline=yoga", any_of("discipline", "yoga")),
        ("discipline=yoga,pilates", any_of("discipline", "yoga", "pilates")),
        ('title="Run, then rest"', any_of("title", "Run, then rest")),
        ("minutes=20", any_of("minutes", 20)),
        ("minutes=10..30", between("minutes", 10, 30)),
        ("rating=3.5..4.5", between("rating", 3.5, 4.5)),
        ("minutes=10..", at_least("minutes", 10)),
        ("minutes=..30", at_most("minutes", 30)),
        ('title="10..30"', any_of("title", "10..30")),
        ("title=a..b", any_of("title", "a..b")),
        ("title=a=b", any_of("title", "a=b")),
    ],
)
def test_a_filter_is_a_set_or_a_range(text: str, expected: ClassFilter) -> None:
    assert parse_filter(text) == expected


@pytest.mark.parametrize("text", ["minutes", "=20", "minutes=", "minutes=.."])
def test_what_is_no_filter_is_refused_and_named(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=text):
        parse_filter(text)


def test_a_context_feature_has_a_name_and_a_value() -> None:
    assert parse_feature("position=3") == ("position", 3)
