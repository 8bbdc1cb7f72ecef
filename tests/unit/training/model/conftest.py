from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def ranking_model() -> Callable[[str], Any]:
    """Fits a ranking model with both parts or one of them, once each."""
    from tests.support.fitted import fitted_model  # noqa: PLC0415, tests without TensorFlow are collected with this file

    return fitted_model
