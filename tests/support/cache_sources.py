"""What a cache copies, made up."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FakeSource:
    """One file of a size, whose content follows from its name."""

    name: str
    size_bytes: int

    @property
    def key(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def folder_name(self) -> str:
        return f"classes/{self.name}"

    def copy_to(self, folder: Path) -> None:
        (folder / "file").write_bytes(self.content)

    def is_whole(self, folder: Path) -> bool:
        path = folder / "file"
        return path.is_file() and path.stat().st_size == self.size_bytes

    @property
    def content(self) -> bytes:
        return (self.name.encode() * self.size_bytes)[: self.size_bytes]
