"""The commands of `paceline models` that move labels, against a real server over fakes."""

import asyncio
import getpass
import json
import os
import re
import shlex
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme

from contract.labels import LabelAction, LabelEvent, Note
from server.domain.errors import LabelConfigured, NothingBefore, NotLoaded, NotWritable, RunnerLost
from server.domain.labels import LabelStatus
from server.rpc.channel import Tls
from tests.support.admin import FakeAdmin, FakeStates
from tests.support.channels import Served, serving, serving_admins
from tests.support.command_line import CommandLine
from tests.support.fakes import FakeModels, snapshot

NOON = 43_200.5  # when everything happens to FakeAdmin
MOVES = ["promote 4", "rollback", "pin", "unpin", "split", "split stable=90 canary=10", "shadow next 0.05"]


class Unreadable(list[LabelStatus]):
    """Labels that can't be told."""

    def __iter__(self) -> Iterator[LabelStatus]:
        raise OSError("no labels")


@pytest.fixture
def admin() -> FakeAdmin:
    return FakeAdmin()


@pytest.fixture
def states() -> FakeStates:
    return FakeStates()


@pytest.fixture
async def server(admin: FakeAdmin, states: FakeStates, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    async with serving_admins(admin, states=states) as server:
        monkeypatch.setenv("PACELINE_ADMIN_ADDRESS", server.address)
        yield server


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("command", "event"),
    [
        ("promote 4", LabelEvent(LabelAction.PROMOTE, NOON, Note("ada", "why"), "stable", 4, 2)),
        ("promote 4 --label canary", LabelEvent(LabelAction.PROMOTE, NOON, Note("ada", "why"), "canary", 4, 2)),
        ("rollback", LabelEvent(LabelAction.ROLL_BACK, NOON, Note("ada", "why"), "stable", 1, 2)),
        ("rollback --label canary", LabelEvent(LabelAction.ROLL_BACK, NOON, Note("ada", "why"), "canary", 1, 2)),
        ("pin", LabelEvent(LabelAction.PIN, NOON, Note("ada", "why"), "stable", 2, 2)),
        ("pin --label canary", LabelEvent(LabelAction.PIN, NOON, Note("ada", "why"), "canary", 2, 2)),
        ("unpin", LabelEvent(LabelAction.UNPIN, NOON, Note("ada", "why"), "stable", None, 2)),
        ("unpin --label canary", LabelEvent(LabelAction.UNPIN, NOON, Note("ada", "why"), "canary", None, 2)),
        ("split", LabelEvent(LabelAction.SPLIT, NOON, Note("ada", "why"))),
        (
            "split stable=90 b=c=10",
            LabelEvent(LabelAction.SPLIT, NOON, Note("ada", "why"), weights={"stable": 90, "b=c": 10}),
        ),
        ("shadow next 0.05", LabelEvent(LabelAction.SHADOW, NOON, Note("ada", "why"), "next", share=0.05)),
        ("shadow next 0", LabelEvent(LabelAction.SHADOW, NOON, Note("ada", "why"), "next")),
    ],
)
async def test_a_move_reaches_the_server_with_who_and_why(
    paceline: CommandLine, admin: FakeAdmin, command: str, event: LabelEvent
) -> None:
    await paceline("models", *command.split(), "--actor", "ada", "-m", "why")
    assert admin.events == [event]
    assert not admin.allowed_unloaded


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("promote 4", "stable of ranking is on version 4 now, pinned; it was on 2."),
        ("promote 2", "stable of ranking stays on version 2 and is pinned to it: newer ones don't move it."),
        (
            "rollback",
            "stable of ranking is on version 1 now, pinned; it was on 2, which no label follows any more.",
        ),
        (
            "pin --label canary",
            "canary of ranking stays on version 2 and is pinned to it: newer ones don't move it.",
        ),
        ("unpin", "stable of ranking follows the newest version from now on; it was on 2."),
        ("split", "The members of ranking are split from now on: all to stable."),
        (
            "split canary=1 stable=2",
            "The members of ranking are split from now on: stable 66.67 %, canary 33.33 %.",
        ),
        ("shadow next 0.05", "next of ranking scores 5 % of the requests besides from now on."),
        ("shadow next 0", "next of ranking scores no requests besides any more."),
    ],
)
@pytest.mark.usefixtures("server")
async def test_a_move_is_told_in_one_sentence(
    paceline: CommandLine, states: FakeStates, command: str, sentence: str
) -> None:
    states.labels = [LabelStatus("ranking", "stable", 1, 1)]
    assert await paceline("models", *command.split()) == (f"{sentence}\n", "")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("promote 4 --load", "is pinned to version 4 and moves there once that is loaded; it was on 2."),
        (
            "rollback",
            "is pinned to version 1 and moves there once that is loaded; it was on 2, which no label follows any "
            "more.",
        ),
    ],
)
@pytest.mark.usefixtures("server")
async def test_a_version_that_still_has_to_load_is_told(
    paceline: CommandLine, states: FakeStates, command: str, sentence: str
) -> None:
    states.labels = [LabelStatus("ranking", "canary", 4, 4), LabelStatus("ranking", "stable", 2, 4)]
    assert (await paceline("models", *command.split())).out == f"stable of ranking {sentence}\n"


@pytest.mark.usefixtures("server")
async def test_a_version_that_is_loaded_already_is_told_too(
    paceline: CommandLine, admin: FakeAdmin, states: FakeStates
) -> None:
    states.labels = [LabelStatus("ranking", "stable", 4, 4)]
    printed = await paceline("models", "promote", "4", "--load")
    assert printed.out == "stable of ranking is on version 4 now, pinned; it was on 2.\n"
    assert admin.allowed_unloaded == [4]


@pytest.mark.usefixtures("server")
async def test_a_move_is_told_though_the_server_fails_to_tell_what_became_of_it(
    paceline: CommandLine, states: FakeStates
) -> None:
    states.labels = Unreadable()
    printed = await paceline("models", "rollback", "--label", "canary")
    assert printed.out.startswith("canary of ranking is pinned to version 1 and moves there once that is loaded")


@pytest.mark.usefixtures("server")
async def test_a_label_that_was_on_no_version_was_on_none(
    paceline: CommandLine, admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = LabelEvent(LabelAction.PROMOTE, NOON, Note("ada"), "canary", 4)

    async def promote(*_: object, **__: object) -> LabelEvent:
        return event

    monkeypatch.setattr(admin, "promote", promote)
    printed = await paceline("models", "promote", "4", "--label", "canary")
    assert printed.out == "canary of ranking is on version 4 now, pinned.\n"


@pytest.mark.usefixtures("server")
async def test_who_does_it_is_the_user_at_this_machine(
    paceline: CommandLine, admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "grace")
    await paceline("models", "pin")
    assert admin.events[0].note == Note(f"grace@{socket.gethostname()}")


@pytest.mark.usefixtures("server")
async def test_a_user_without_a_name_is_a_number(
    paceline: CommandLine, admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    await paceline("models", "pin")
    assert admin.events[0].note == Note(f"{os.getuid()}@{socket.gethostname()}")


@pytest.mark.usefixtures("server")
async def test_a_move_as_json(paceline: CommandLine) -> None:
    printed = await paceline("models", "promote", "4", "--load", "--actor", "ada", "--json")
    assert json.loads(printed.out) == {
        "model": "ranking",
        "action": "PROMOTE",
        "time": "1970-01-01T12:00:00Z",
        "label": "stable",
        "version": 4,
        "previous_version": 2,
        "weights": {},
        "share": 0.0,
        "actor": "ada",
        "reason": "",
        "is_pending": True,
    }


@pytest.mark.usefixtures("server")
async def test_a_split_as_json_has_weights_and_no_label(paceline: CommandLine) -> None:
    document = json.loads((await paceline("models", "split", "stable=90", "canary=10", "--json")).out)
    assert document["weights"] == {"stable": 90, "canary": 10}
    assert (document["action"], document["label"], document["version"]) == ("SPLIT", None, None)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("command", MOVES)
@pytest.mark.parametrize(
    "failure",
    [
        LabelConfigured("label 'stable' of 'ranking' is set by the model config"),
        NothingBefore("label 'stable' of 'ranking' was on no [other] version"),
        NotWritable("models/ranking/labels can't be written"),
        RunnerLost("the process ended"),
    ],
)
async def test_what_the_server_refuses_is_one_line(
    paceline: CommandLine, admin: FakeAdmin, command: str, failure: Exception
) -> None:
    admin.failure = failure
    assert await paceline("models", *command.split(), code=1) == ("", f"error: {failure}\n")


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("command", MOVES)
async def test_a_model_that_is_not_served_is_an_error(paceline: CommandLine, command: str) -> None:
    printed = await paceline("models", *command.split(), "--model", "other", code=1)
    assert printed == ("", "error: there is no model 'other'\n")


@pytest.mark.usefixtures("server")
async def test_a_version_that_is_not_loaded_may_be_loaded(paceline: CommandLine, admin: FakeAdmin) -> None:
    admin.failure = NotLoaded("version 4 of 'ranking' is START, expected AVAILABLE")
    advice = "; --load has it loaded first, unless it was refused"
    assert (await paceline("models", "promote", "4", code=1)).err == f"error: {admin.failure}{advice}\n"
    assert (await paceline("models", "promote", "4", "--load", code=1)).err == f"error: {admin.failure}\n"


@pytest.mark.usefixtures("server")
async def test_a_request_beyond_the_limits_names_its_fields(paceline: CommandLine) -> None:
    printed = await paceline("models", "split", "stable=10001", code=1)
    assert printed.err == "error: weights['stable']: is 10001, expected 0 to 10000\n"


@pytest.mark.parametrize("command", [*MOVES, "history", "config"])
async def test_on_the_port_for_everybody_the_admin_address_is_advised(paceline: CommandLine, command: str) -> None:
    async with serving(FakeModels(snapshot(["a"]), [0.5])) as server:
        printed = await paceline("models", *command.split(), "--admin-address", server.address, code=1)
    advice = "give the server's admin address with --admin-address, by default 127.0.0.1:8502"
    assert printed == ("", f"error: {server.address} does not answer admins: {advice}\n")


@pytest.mark.parametrize("command", [*MOVES, "history", "config"])
async def test_where_no_server_answers_the_message_says_how_to_reach_one(
    paceline: CommandLine, admin: FakeAdmin, command: str
) -> None:
    async with serving_admins(admin) as server:
        gone = server.address
    printed = await paceline("models", *command.split(), "--admin-address", gone, code=1)
    assert printed.err.startswith(
        f"error: no server answers at {gone}: start one with `paceline serve`; for one on "
    )
    assert "ssh -N -L 8502:127.0.0.1:8502 HOST" in printed.err
    assert "--admin-address" in printed.err
    assert printed.err.count("\n") == 1


async def test_a_server_too_slow_may_have_moved_the_label_all_the_same(
    paceline: CommandLine, server: Served, admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def pin(*_: object) -> LabelEvent:
        return await asyncio.Future()

    monkeypatch.setattr(admin, "pin", pin)
    printed = await paceline("models", "pin", "--timeout", "0.05", code=1)
    assert printed.err.startswith(f"error: {server.address} did not answer within 0.05 seconds; --timeout waits ")
    assert "look before you ask again" in printed.err


async def test_tls_is_used_for_the_move_and_for_what_became_of_it(
    paceline: CommandLine, admin: FakeAdmin, tmp_path: Path
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = Tls(issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes())
    states = FakeStates(labels=[LabelStatus("ranking", "stable", 4, 4)])
    async with serving_admins(admin, states=states, tls=tls) as server:
        flags = ["--admin-address", server.address, "--tls-ca", str(tmp_path / "ca.pem")]
        printed = await paceline("models", "promote", "4", "--load", *flags)
    assert printed.out == "stable of ranking is on version 4 now, pinned; it was on 2.\n"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("promote", "Missing argument 'version'"),
        ("promote 0", "Invalid value for 'version'"),
        ("promote four", "Invalid value for 'version'"),
        ("split stable", "'stable' is not of the form LABEL=WEIGHT"),
        ("split stable=", "'stable=' is not of the form LABEL=WEIGHT"),
        ("split =10", "'=10' is not of the form LABEL=WEIGHT"),
        ("split stable=-1", "'stable=-1' is not of the form LABEL=WEIGHT"),
        ("split stable=9 stable=1", "a label has two weights"),
        ("shadow next", "Missing argument 'share'"),
        ("shadow next 5", "Invalid value for 'share'"),
        ("pin --tls-cert cert.pem", "'cert.pem' does not exist"),
    ],
)
async def test_what_makes_no_sense_is_a_usage_error(
    paceline: CommandLine, admin: FakeAdmin, command: str, found: str
) -> None:
    assert found in (await paceline("models", *command.split(), code=2)).err
    assert not admin.events


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("command", ["promote", "rollback", "pin", "unpin", "split", "shadow", "history"])
async def test_help_shows_examples_that_work(paceline: CommandLine, command: str) -> None:
    shown = (await paceline("models", command, "--help")).out
    examples = re.findall(r"^ paceline (models .*)", shown, re.MULTILINE)
    assert examples
    for example in examples:
        await paceline(*shlex.split(example))


async def test_the_story_that_the_help_tells_can_be_followed(
    paceline: CommandLine, server: Served, admin: FakeAdmin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACELINE_ADDRESS", server.address)
    monkeypatch.setenv("COLUMNS", "80")
    story = re.findall(r"^ paceline (.*)", (await paceline("models", "--help")).out, re.MULTILINE)
    words = [shlex.split(line, comments=True) for line in story]
    words.remove(["train"])
    for arguments in words:
        await paceline(*arguments)
    actions = [event.action for event in admin.events]
    assert actions.index(LabelAction.PROMOTE) < actions.index(LabelAction.ROLL_BACK)
