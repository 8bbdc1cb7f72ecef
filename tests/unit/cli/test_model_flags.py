from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.model_flags import with_model_flags
from training.model.spec import ModelSpec


def _run(*words: str) -> tuple[Result, dict[str, Any]]:
    """Runs a command with one option of its own; returns what reached it."""
    reached: dict[str, Any] = {}
    app = typer.Typer()

    @app.command()
    @with_model_flags
    def command(*, name: Annotated[str, typer.Option()] = "x", model_flags: Mapping[str, Any]) -> None:
        reached.update(name=name, model_flags=model_flags)

    return CliRunner().invoke(app, words), reached


def test_only_what_is_given_reaches_the_command() -> None:
    _, reached = _run("--name", "y", "--seed", "7", "--dropout", "0.25", "--batch-norm", "--no-wide")

    assert reached == {
        "name": "y",
        "model_flags": {"seed": 7, "dropout": 0.25, "batch_norm": True, "wide": False},
    }
    assert _run()[1] == {"name": "x", "model_flags": {}}


def test_layer_sizes_are_written_with_commas() -> None:
    _, reached = _run("--layer-sizes", "64,32,8")

    assert ModelSpec.from_mapping(reached["model_flags"]).layer_sizes == (64, 32, 8)


def test_names_are_written_with_commas() -> None:
    assert _run("--attention", "recent,times")[1]["model_flags"] == {"attention": ["recent", "times"]}


@pytest.mark.parametrize("words", [("--layer-sizes", "a,b"), ("--seed", "x"), ("--no-such-key", "1")])
def test_a_value_of_another_kind_is_a_usage_error(words: tuple[str, ...]) -> None:
    result, reached = _run(*words)

    assert result.exit_code == 2
    assert not reached


def test_every_key_but_the_crosses_has_a_flag_with_its_default() -> None:
    shown = _run("--help")[0].output.replace("-", "_")

    for field in fields(ModelSpec):
        assert (f"__{field.name}" in shown) is (field.name != "crosses"), field.name
