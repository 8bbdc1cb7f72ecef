"""The pytest fixture; needs pytest, which the client does not install."""

from collections.abc import Iterator

import pytest

from paceline.testing.server import FakeServer


@pytest.fixture
def paceline_server() -> Iterator[FakeServer]:
    """A `FakeServer` of its own for each test."""
    with FakeServer() as server:
        yield server
