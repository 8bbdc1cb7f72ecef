"""Java, which Spark needs."""

import os
import shutil

from tests.support.installed import skip_without


def require_java() -> None:
    """Skips the test where Java is not installed, and fails it there if CI is set."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        skip_without("Java, which Spark needs,")
