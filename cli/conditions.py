"""Filters and context features as they are written on the command line: NAME=VALUE.

The command line does not know the types of features, so a value says its own: 20 is a whole number, 4.5 a number,
true and false are truth values, and everything else is text, as is everything in double quotes.
"""

import re
from typing import NamedTuple

import typer

from paceline import Value, any_of, at_least, at_most, between
from paceline.v1.recommendation_service_pb2 import ClassFilter

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
"""More digits may not fit 64 bits; such long ids are text."""
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_RANGE = re.compile(f"(?P<least>({_NUMBER.pattern})?)\\.\\.(?P<greatest>({_NUMBER.pattern})?)")
_ITEM = re.compile(r'"[^"]*"|[^,]+')


class Feature(NamedTuple):
    """A feature of the request's context."""

    name: str
    value: Value


def parse_value(text: str) -> Value:
    """Returns the value that a text stands for."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text in {"true", "false"}:
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if "." in text and _NUMBER.fullmatch(text) else text


def parse_filter(text: str) -> ClassFilter:
    """Returns the filter of NAME=VALUE, NAME=VALUE,VALUE or NAME=LEAST..GREATEST.

    Raises:
        typer.BadParameter: The text is none of these.
    """
    name, condition = _split(text)
    if limits := _RANGE.fullmatch(condition):
        return _range(name, limits["least"], limits["greatest"])
    return any_of(name, *map(parse_value, _ITEM.findall(condition)))


def parse_feature(text: str) -> Feature:
    """Returns the name and the value of NAME=VALUE.

    Raises:
        typer.BadParameter: The text is not of that form.
    """
    name, value = _split(text)
    return Feature(name, parse_value(value))


def _range(name: str, least: str, greatest: str) -> ClassFilter:
    if least and greatest:
        return between(name, float(least), float(greatest))
    if least or greatest:
        return at_least(name, float(least)) if least else at_most(name, float(greatest))
    raise typer.BadParameter(f"{name}=.. has no bound, expected {name}=LEAST..GREATEST")


def _split(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not name or not value:
        raise typer.BadParameter(f"{text!r} is not of the form NAME=VALUE")
    return name, value
