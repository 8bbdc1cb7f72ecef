import pytest

from tests.support.command_line import CommandLine


@pytest.fixture
def paceline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """Runs commands."""
    return CommandLine(monkeypatch, capsys)
