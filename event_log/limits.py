"""How old an event may be, and so for how long its id has to be known."""

from datetime import timedelta

MAX_AGE = timedelta(days=7)
MAX_AHEAD = timedelta(minutes=5)
"""Of a caller's clock."""
REMEMBER = MAX_AGE + MAX_AHEAD
"""For how long an event could be sent again and would still be accepted."""

MICRO = timedelta(microseconds=1)
