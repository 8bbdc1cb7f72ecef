"""One check: a figure and its bounds."""

from math import isnan

from contract.stubs.manifest_pb2 import GateCheck


def check(
    name: str,
    found: float,
    message: str,
    *,
    lowest: float | None = None,
    highest: float | None = None,
    part: str = "",
) -> GateCheck:
    """Returns a check that holds if the figure is within its bounds, which NaN never is.

    Args:
        name: What is checked.
        found: The figure.
        message: What was found, in words.
        lowest: The least that it may be; None is no bound.
        highest: The most that it may be; None is no bound.
        part: The slice of the rows; "" is all of them.
    """
    is_within = (lowest is None or found >= lowest) and (highest is None or found <= highest)
    passed = is_within and not isnan(found)
    return GateCheck(
        name=name, slice=part, passed=passed, found=found, lowest=lowest, highest=highest, message=message
    )
