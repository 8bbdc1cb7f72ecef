"""Commands of `paceline`, run in this process."""

import asyncio
import sys
from typing import NamedTuple

import pytest
from rich.console import Console

from cli.main import main


class Printed(NamedTuple):
    """What a command printed on standard output and on standard error."""

    out: str
    err: str

    def rows(self) -> list[list[str]]:
        """Returns the cells of the rows of its table."""
        lines = [line for line in self.out.splitlines() if line.startswith("│")]
        return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


class CommandLine:
    """Runs commands, each in a thread beside the loop of the server that it asks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.setattr("cli.output.results", Console(width=200))
        monkeypatch.setenv("COLUMNS", "200")

    async def __call__(self, *arguments: str, code: int = 0) -> Printed:
        """Returns what a command prints, which ends with an exit code."""
        self._monkeypatch.setattr(sys, "argv", ["paceline", *arguments])
        assert await asyncio.to_thread(_exit_code) == code
        return Printed(*self._capsys.readouterr())


def _exit_code() -> object:
    try:
        main()
    except SystemExit as ended:
        return ended.code or 0
    return None
