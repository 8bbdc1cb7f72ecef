from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.option_groups import with_groups


@dataclass(frozen=True)
class Server:
    host: Annotated[str, typer.Option()] = "here"
    port: Annotated[int, typer.Option("--port", "-p")] = 1


FAR = Server(host="there")


def run(*words: str) -> tuple[Result, list[object]]:
    """Runs a command with two groups and an argument; returns what reached it."""
    reached: list[object] = []
    app = typer.Typer()

    @app.callback(invoke_without_command=True)
    def group() -> None: ...

    @app.command()
    @with_groups
    def near(name: str, *, loud: bool = False, server: Server) -> None:
        reached.extend((name, loud, server))

    @app.command()
    @with_groups
    def far(*, server: Server = FAR) -> None:
        reached.append(server)

    return CliRunner().invoke(app, words), reached


def test_a_group_without_a_default_is_as_its_fields_say() -> None:
    assert run("near", "x")[1] == ["x", False, Server("here", 1)]


def test_a_group_with_a_default_is_as_that_says() -> None:
    assert run("far")[1] == [Server("there", 1)]


def test_what_is_given_goes_into_its_group() -> None:
    assert run("near", "x", "-p", "2", "--loud", "--host", "far")[1] == ["x", True, Server("far", 2)]
    assert run("far", "--port", "3")[1] == [Server("there", 3)]


def test_the_default_of_the_group_is_shown() -> None:
    assert "[default: there]" in run("far", "--help")[0].output


@pytest.mark.parametrize("words", [("near", "x", "--port", "y"), ("near", "x", "--server", "z")])
def test_what_is_no_option_or_of_another_kind_is_a_usage_error(words: tuple[str, ...]) -> None:
    result, reached = run(*words)
    assert result.exit_code == 2
    assert not reached
