"""What some of the tests need installed."""

import os
from typing import NoReturn

import pytest


def skip_without(what: str) -> NoReturn:
    """Skips the test, as something is not installed; fails it if CI is set."""
    missing = f"{what} is not installed"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
