"""`paceline models config` and `paceline models reload`, against a real server over fakes."""

import asyncio
import json
import re
import shlex
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.domain.errors import NotLoaded
from server.domain.models import ChangeKind, Every, ModelChange, ModelConfig
from server.rpc.tfserving.model_configs import format_model_configs
from tests.support.admin import FakeAdmin, FakeStates
from tests.support.channels import Served, serving, serving_admins
from tests.support.command_line import CommandLine
from tests.support.fakes import FakeModels, snapshot

CONFIGS = [ModelConfig("half", "/models/half", Every(), {"canary": 4}), ModelConfig("ranking", "models/ranking")]
TEXT = format_model_configs(CONFIGS)


@dataclass
class Admin(FakeAdmin):
    """Answers a reload with given changes."""

    changes: Sequence[ModelChange] = ()

    async def reload(
        self, configs: Sequence[ModelConfig], *, validate_only: bool = False
    ) -> Sequence[ModelChange]:
        await super().reload(configs, validate_only=validate_only)
        return self.changes


@pytest.fixture
def admin() -> Admin:
    return Admin(changes=[ModelChange(kind.name.lower(), kind) for kind in ChangeKind])


@pytest.fixture
async def server(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    async with serving_admins(admin, states=FakeStates(configs=CONFIGS)) as server:
        monkeypatch.setenv("PACELINE_ADMIN_ADDRESS", server.address)
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "models.config"
    path.write_text(TEXT)
    return path


@pytest.mark.usefixtures("server")
async def test_what_is_served_is_printed_as_a_reload_reads_it(
    paceline: CommandLine, admin: Admin, tmp_path: Path
) -> None:
    printed = await paceline("models", "config")
    assert printed == (TEXT, "")
    (tmp_path / "copy").write_text(printed.out)
    await paceline("models", "reload", str(tmp_path / "copy"))
    assert admin.reloaded == [(CONFIGS, False)]


@pytest.mark.usefixtures("server")
async def test_what_is_served_as_json(paceline: CommandLine) -> None:
    assert json.loads((await paceline("models", "config", "--json")).out) == {"config_text": TEXT}


@pytest.mark.usefixtures("server")
async def test_a_reload_shows_what_became_of_each_model(paceline: CommandLine, file: Path) -> None:
    assert (await paceline("models", "reload", str(file))).out.splitlines() == [
        "+ added is added",
        "~ changed is changed: its folder, versions or labels",
        "- removed is removed",
    ]


@pytest.mark.usefixtures("server")
async def test_a_dry_run_shows_the_same_and_changes_nothing(
    paceline: CommandLine, admin: Admin, file: Path
) -> None:
    printed = await paceline("models", "reload", str(file), "--dry-run")
    assert printed.out.splitlines()[0] == "+ added is added"
    assert printed.err == "Nothing was changed: without --dry-run it would be.\n"
    assert admin.reloaded == [(CONFIGS, True)]


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("flags", [[], ["--dry-run"]])
async def test_a_reload_that_changes_nothing_succeeds(
    paceline: CommandLine, admin: Admin, file: Path, flags: list[str]
) -> None:
    admin.changes = []
    assert await paceline("models", "reload", str(file), *flags) == ("No changes.\n", "")


@pytest.mark.usefixtures("server")
async def test_a_reload_as_json(paceline: CommandLine, file: Path) -> None:
    assert json.loads((await paceline("models", "reload", str(file), "--dry-run", "--json")).out) == {
        "dry_run": True,
        "changes": [
            {"model": "added", "change": "ADDED"},
            {"model": "changed", "change": "CHANGED"},
            {"model": "removed", "change": "REMOVED"},
        ],
    }


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "config_text: is empty, expected a ModelServerConfig in protobuf's text format"),
        ("models {}", "config_text: line 1, column 1: "),
        (
            "model_config_list { config { name: 'a' } }",
            "config_text: model_config_list.config[0].base_path: is empty",
        ),
    ],
)
async def test_a_list_that_does_not_parse_is_one_line(
    paceline: CommandLine, admin: Admin, file: Path, text: str, found: str
) -> None:
    await asyncio.to_thread(file.write_text, text)
    printed = await paceline("models", "reload", str(file), code=1)
    assert printed.err.startswith(f"error: {found}")
    assert printed.err.count("\n") == 1
    assert not admin.reloaded


@pytest.mark.usefixtures("server")
async def test_a_model_that_can_t_be_loaded_is_one_line(paceline: CommandLine, admin: Admin, file: Path) -> None:
    admin.failure = NotLoaded("nothing of model 'half' in /models/half can be loaded: it has no version")
    assert await paceline("models", "reload", str(file), code=1) == ("", f"error: {admin.failure}\n")


@pytest.mark.usefixtures("server")
async def test_a_file_that_can_t_be_read_is_a_usage_error(
    paceline: CommandLine, admin: Admin, tmp_path: Path
) -> None:
    binary = tmp_path / "saved_model.pb"
    binary.write_bytes(b"ab\xff")
    assert "is not text in UTF-8" in (await paceline("models", "reload", str(binary), code=2)).err
    assert "does not exist" in (await paceline("models", "reload", str(tmp_path / "none"), code=2)).err
    assert not admin.reloaded


async def test_on_the_port_for_everybody_the_admin_address_is_advised(paceline: CommandLine, file: Path) -> None:
    async with serving(FakeModels(snapshot(["a"]), [0.5])) as server:
        flags = ["--admin-address", server.address]
        printed = await paceline("models", "reload", str(file), *flags, code=1)
    assert printed.err.startswith(f"error: {server.address} does not answer admins: ")
    assert "--admin-address" in printed.err


@pytest.mark.usefixtures("server")
async def test_help_shows_examples_that_work_and_how_long_a_reload_may_take(
    paceline: CommandLine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    shown = (await paceline("models", "reload", "--help")).out
    examples = re.findall(r"^ paceline (models .*)", shown, re.MULTILINE)
    assert len(examples) == 2
    assert "[default: 600.0]" in shown
    for example in examples:
        await paceline(*shlex.split(example))
