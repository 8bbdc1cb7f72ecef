"""interim"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from server.domain.labels import LabelEvent


@dataclass(frozen=True, slots=True)
class Fingerprint:
    files: frozenset[tuple[str, int, str]]
    changed_time: float | None = None

    @property
    def has_manifest(self) -> bool:
        return any(name == "manifest.json" for name, _, _ in self.files)


class VersionStore(Protocol):
    def poll(self) -> Mapping[int, Fingerprint]: ...
    def fetch(self, version: int) -> Path: ...
    def release(self, version: int) -> None: ...
    def read_history(self) -> Sequence[LabelEvent]: ...
    def append(self, event: LabelEvent) -> None: ...
