"""Which of several workers a server is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Which of the workers of one supervisor a server is. They share their ports."""

    number: int
    """From 0."""
    turn: int
    """The descriptor of the file that a worker locks while it loads a version; see `server.app.turn`."""

    @property
    def is_first(self) -> bool:
        """Whether it is the one that answers admins."""
        return self.number == 0
