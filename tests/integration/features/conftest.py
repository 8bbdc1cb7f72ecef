"""Stores and worlds for the tests of the feature tooling."""

from pathlib import Path

import pytest

from tests.support.postgres import postgres_url
from tests.support.redis import redis_port

__all__ = ["postgres_url", "redis_port"]


@pytest.fixture(autouse=True)
def _no_settings_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PACELINE_DATA", "PACELINE_PROFILE", "PACELINE_REDIS", "PACELINE_REGISTRY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """The folder of the raw tables of a repository in `tmp_path`."""
    return tmp_path / "data" / "world"
