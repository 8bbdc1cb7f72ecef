"""Java, which Spark needs."""

import os
import shutil

import pytest


def require_java() -> None:
    """Skips the test where Java is not installed, and fails it there if CI is set."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        missing = "Java is not installed, which Spark needs"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
