"""`paceline models history`, against a real server over fakes."""

import json
from collections.abc import AsyncIterator

import pytest

from contract.labels import LabelAction, LabelEvent, Note
from tests.support.admin import FakeAdmin
from tests.support.channels import serving_admins
from tests.support.command_line import CommandLine

ADA = Note("ada", "why [not]")
EVENTS = [
    LabelEvent(LabelAction.PROMOTE, 1_772_350_200.0, ADA, "canary", 4),
    LabelEvent(LabelAction.SPLIT, 1_772_350_260.0, ADA, weights={"canary": 10, "stable": 90}),
    LabelEvent(LabelAction.SPLIT, 1_772_350_261.0, ADA),
    LabelEvent(LabelAction.SHADOW, 1_772_350_262.0, ADA, "next", share=0.25),
    LabelEvent(LabelAction.SHADOW, 1_772_350_263.0, ADA, "next"),
    LabelEvent(LabelAction.PIN, 1_772_350_264.0, ADA, "stable", 3, 3),
    LabelEvent(LabelAction.UNPIN, 1_772_350_265.0, ADA, "stable", None, 3),
    LabelEvent(LabelAction.ROLL_BACK, 1_772_350_266.0, ADA, "stable", 3, 4),
    LabelEvent(LabelAction.REVERT, 1_772_350_267.0, Note("server", "6 % of the requests failed"), "stable", 2, 3),
]


@pytest.fixture
async def admin(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeAdmin]:
    admin = FakeAdmin(list(EVENTS))
    async with serving_admins(admin) as server:
        monkeypatch.setenv("PACELINE_ADMIN_ADDRESS", server.address)
        yield admin


@pytest.mark.usefixtures("admin")
async def test_the_history_is_told_in_words_newest_last(paceline: CommandLine) -> None:
    assert (await paceline("models", "history")).rows() == [
        ["2026-03-01 07:30:00", "promoted", "canary", "4", "-", "ada", "why [not]"],
        ["2026-03-01 07:31:00", "split: stable 90 %, canary 10 %", "-", "-", "-", "ada", "why [not]"],
        ["2026-03-01 07:31:01", "split: all to stable", "-", "-", "-", "ada", "why [not]"],
        ["2026-03-01 07:31:02", "shadows 25 %", "next", "-", "-", "ada", "why [not]"],
        ["2026-03-01 07:31:03", "shadows no more", "next", "-", "-", "ada", "why [not]"],
        ["2026-03-01 07:31:04", "pinned", "stable", "3", "3", "ada", "why [not]"],
        ["2026-03-01 07:31:05", "unpinned", "stable", "newest", "3", "ada", "why [not]"],
        ["2026-03-01 07:31:06", "rolled back", "stable", "3", "4", "ada", "why [not]"],
        [
            "2026-03-01 07:31:07",
            "moved back by the server",
            "stable",
            "2",
            "3",
            "server",
            "6 % of the requests failed",
        ],
    ]


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("action", LabelAction)
async def test_every_action_has_words(paceline: CommandLine, admin: FakeAdmin, action: LabelAction) -> None:
    admin.events = [LabelEvent(action, 0.0, ADA, "stable", 2, 1)]
    assert (await paceline("models", "history")).rows()[0][1] != "-"


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(("limit", "shown"), [(1, 1), (2, 2), (len(EVENTS), len(EVENTS)), (1000, len(EVENTS))])
async def test_only_the_latest_are_shown_if_asked(paceline: CommandLine, limit: int, shown: int) -> None:
    rows = (await paceline("models", "history", "--limit", str(limit))).rows()
    assert len(rows) == shown
    assert rows[-1][1] == "moved back by the server"


@pytest.mark.usefixtures("admin")
async def test_the_history_as_json(paceline: CommandLine) -> None:
    document = json.loads((await paceline("models", "history", "--limit", "3", "--json")).out)
    assert document["model"] == "ranking"
    assert [event["action"] for event in document["events"]] == ["UNPIN", "ROLL_BACK", "REVERT"]
    assert document["events"][0] == {
        "model": "ranking",
        "action": "UNPIN",
        "time": "2026-03-01T07:31:05Z",
        "label": "stable",
        "version": None,
        "previous_version": 3,
        "weights": {},
        "share": 0.0,
        "actor": "ada",
        "reason": "why [not]",
    }


async def test_a_model_that_nobody_touched_has_no_history(paceline: CommandLine, admin: FakeAdmin) -> None:
    admin.events = []
    assert await paceline("models", "history") == ("", "Nothing was done to the labels of ranking yet.\n")
    assert json.loads((await paceline("models", "history", "--json")).out)["events"] == []


@pytest.mark.usefixtures("admin")
async def test_a_model_that_is_not_served_is_an_error(paceline: CommandLine) -> None:
    printed = await paceline("models", "history", "--model", "other", code=1)
    assert printed == ("", "error: there is no model 'other'\n")


@pytest.mark.usefixtures("admin")
async def test_a_limit_of_none_is_a_usage_error(paceline: CommandLine) -> None:
    assert "--limit" in (await paceline("models", "history", "--limit", "0", code=2)).err
