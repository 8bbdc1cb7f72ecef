"""What holds for all tests."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import prometheus_client  # noqa: F401 - before Feast, which would have it share its metrics through files
import pytest
from hypothesis import settings

# A busy machine or a slow disk is no fault of the code; pytest-timeout ends what hangs.
settings.register_profile("paceline", deadline=None)
settings.load_profile("paceline")

_ALL_SLOW = re.compile(r"^pytestmark = .*\bpytest\.mark\.slow\b", re.MULTILINE)


@pytest.fixture(autouse=True)
def _levels_stay() -> Iterator[None]:
    """Fails a test that changes what the tests after it log, which would fail in its place."""
    before = _levels()
    yield
    assert _levels() == before


def _levels() -> list[int]:
    return [logging.getLogger(name).level for name in ("", "server")]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out files of slow tests when those are not wanted: reading one may import TensorFlow."""
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    if is_test and config.option.markexpr == "not slow":
        return bool(_ALL_SLOW.search(collection_path.read_text(encoding="utf-8"))) or None
    return None
