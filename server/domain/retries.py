"""When to try again what failed."""

STABLE_SECONDS = 60
"""What has gone well for so long is no longer held to account for failures before."""
MAX_WAIT_SECONDS = 60


def wait_seconds(failures: int) -> int:
    """Returns how long to wait after so many failures in a row: not at all, then 1, 2, 4 … 60 seconds."""
    return 0 if failures == 1 else min(2 ** (failures - 2), MAX_WAIT_SECONDS)
