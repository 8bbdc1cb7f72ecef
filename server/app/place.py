"""Which of several workers a server is."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Which of the workers of one supervisor a server is. They share their ports."""

    number: int
    """From 0."""
    turn: int
    """The descriptor of the file that a worker locks while it loads a version; see `server.app.turn`."""

    folder: Path
    """Where they share what each of them would hold in memory; see `server.models.openvino.sharing`."""

    @property
    def is_first(self) -> bool:
        """Whether it is the one that answers admins."""
        return self.number == 0
