"""How long the caller of the request under way waits, for whoever has to say what was too slow for it."""

import math
from contextvars import ContextVar

seconds_given: ContextVar[float] = ContextVar("seconds_given", default=math.inf)
"""From the arrival of the request to its deadline; infinite if it has none."""
