"""What holds for all tests."""

# Before Feast is: it would make metrics shared between registries, and so between tests.
import prometheus_client  # noqa: F401
from hypothesis import settings

# A busy machine or a slow disk is no fault of the code; pytest-timeout ends what hangs.
settings.register_profile("paceline", deadline=None)
settings.load_profile("paceline")
