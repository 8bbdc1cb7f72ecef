"""Label events as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.label_events import from_json, read_events, to_json
from contract.labels import LabelAction, LabelEvent, Note

MICROSECONDS = st.integers(0, 250_000_000_000_000_000)
"""From 1970 to the year 9892."""
VERSIONS = st.none() | st.integers(1, 2**63 - 1)
EVENTS = st.builds(
    LabelEvent,
    action=st.sampled_from(LabelAction),
    time=MICROSECONDS.map(lambda count: count / 1e6),
    note=st.builds(Note, st.text(), st.text()),
    label=st.text(),
    version=VERSIONS,
    previous_version=VERSIONS,
    weights=st.dictionaries(st.text(), st.integers(0)),
    share=st.floats(0, 1),
)
EVENT = LabelEvent(LabelAction.UNPIN, 0.0, Note("ana"))


@given(EVENTS)
def test_an_event_is_the_same_afterwards(event: LabelEvent) -> None:
    assert from_json(to_json(event)) == event


@given(st.floats(0, 4e9))
def test_a_time_is_rounded_to_the_microsecond(time: float) -> None:
    event = LabelEvent(LabelAction.UNPIN, time, Note("ana"))
    once = from_json(to_json(event))
    assert abs(once.time - time) < 1e-6
    assert from_json(to_json(once)) == once


def test_only_what_is_set_has_a_field() -> None:
    event = LabelEvent(LabelAction.PROMOTE, 1_800_000_000.0625, Note("ana", "better"), "canary", 3, 2)
    assert json.loads(to_json(event)) == {
        "action": "PROMOTE",
        "time": "2027-01-15T08:00:00.062500Z",
        "label": "canary",
        "actor": "ana",
        "reason": "better",
        "version": 3,
        "previous_version": 2,
    }
    assert json.loads(to_json(EVENT)).keys() == {"action", "time", "label", "actor"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "action",
            "ABOLISH",
            "action is 'ABOLISH', expected one of PROMOTE, ROLL_BACK, REVERT, PIN, UNPIN, SPLIT, SHADOW",
        ),
        ("action", None, "action is None, expected one of"),
        ("time", "2026-01-31", "time is '2026-01-31', expected a time like 2026-01-31T12:00:00.000000Z"),
        ("time", "2026-01-31T12:00:00.000000+01:00", "time is '2026-01-31T12:00:00.000000"),
        ("time", 12, "time is 12, expected a time"),
        ("label", 1, "label is 1, expected a text"),
        ("version", 0, "version is 0, expected a positive integer"),
        ("version", 2**63, "version is 9223372036854775808, expected"),
        ("version", True, "version is True, expected a positive integer"),
        ("previous_version", "2", "previous_version is '2', expected a positive integer"),
        ("weights", {"canary": -1}, "weights is {'canary': -1}, expected an object of integers"),
        ("weights", [1], "weights is [1], expected an object of integers"),
        ("share", 1.5, "share is 1.5, expected a number from 0 to 1"),
        ("share", float("nan"), "share is nan, expected a number from 0 to 1"),
        ("until", "tomorrow", "it has a field 'until', which is not known"),
    ],
)
def test_what_is_wrong_is_named(field: str, value: Any, message: str) -> None:
    data = json.dumps({**json.loads(to_json(EVENT)), field: value}).encode()
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is looked at below
        from_json(data)
    assert message in str(error.value)


@pytest.mark.parametrize("field", ["action", "time", "label", "actor"])
def test_a_field_that_is_missing_is_named(field: str) -> None:
    fields = json.loads(to_json(EVENT))
    del fields[field]
    with pytest.raises(ValueError, match=f"{field} is missing"):
        from_json(json.dumps(fields).encode())


@given(st.binary() | (st.none() | st.text() | st.lists(st.text())).map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the message
        from_json(data)


def test_a_history_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    events = [LabelEvent(LabelAction.PROMOTE, float(i), Note("ana"), version=i) for i in (1, 2, 3)]
    for number, event in zip((2, 10, 1), events, strict=True):
        (tmp_path / f"{number:08d}.json").write_bytes(to_json(event))
    (tmp_path / "notes.txt").write_text("not part of it")

    assert [event.version for event in read_events(tmp_path)] == [3, 1, 2]
    assert read_events(tmp_path / "nowhere") == []


def test_an_entry_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "00000001.json").write_text("[]")

    with pytest.raises(ValueError, match=r"00000001.json is no label event: it holds \[\], expected an object"):
        read_events(tmp_path)
