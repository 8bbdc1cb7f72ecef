"""interim"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from contract.manifest import published_versions
from server.domain.labels import LabelEvent
from server.models.storage.ports import Fingerprint


class LocalStore:
    def __init__(self, base: Path) -> None:
        self.base = base
        self.events: list[LabelEvent] = []

    def poll(self) -> Mapping[int, Fingerprint]:
        if not self.base.is_dir():
            raise FileNotFoundError(f"{self.base} does not exist")
        return {v: self._fp(self.base / str(v)) for v in published_versions(self.base)}

    def _fp(self, d: Path) -> Fingerprint:
        files = [
            (p.relative_to(d).as_posix(), p.stat().st_size, str(p.stat().st_mtime_ns))
            for p in d.rglob("*")
            if p.is_file()
        ]
        times = [p.stat().st_mtime for p in (d, *d.rglob("*"))]
        return Fingerprint(frozenset(files), max(times))

    def fetch(self, version: int) -> Path:
        return self.base / str(version)

    def release(self, version: int) -> None:
        pass

    def read_history(self) -> Sequence[LabelEvent]:
        return list(self.events)

    def append(self, event: LabelEvent) -> None:
        self.events.append(event)
