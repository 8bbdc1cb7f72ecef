"""What is known of a label while a server runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelStatus:
    """One label as it is now."""

    model_name: str
    label: str
    version: int | None
    """The version that answers for it; None if none does."""
    pinned_version: int | None
    """The version it is pinned to; None if it follows the newest."""
    weight: int = 0
    """Its weight in the traffic split; 0 if no member is given to it."""
    shadow_share: float = 0.0
    """The share of the requests that it shadows, 0 to 1."""
