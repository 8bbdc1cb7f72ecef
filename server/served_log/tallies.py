"""How far what is served is from what was trained on, of the versions that answered last."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from contract.distributions import LEAST_COUNT, InputTally
from contract.stubs.manifest_pb2 import Manifest
from server.ranking.ports import Columns
from server.served_log.rows import Rows

MOST = 100_000
"""So that some hours of a busy server are told, not its whole life."""
_KEPT = 4
"""Versions: more than answer at a time."""


@dataclass(frozen=True, slots=True)
class InputFigures:
    """What was served of one input of a version."""

    model_name: str
    version: int
    input_name: str
    stability_index: float
    null_share: float


class Tallies:
    """Counts the inputs of answers: those of members once for each answer, those of classes for each class.

    Args:
        most: From so many values on all weigh half.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._versions: dict[tuple[str, int], dict[str, InputTally]] = {}

    def add(self, manifest: Manifest, rows: Rows) -> None:
        """Counts the inputs of the rows of a version."""
        with self._lock:
            tallies = self._of(manifest)
            self._count(tallies, rows.answer_inputs)
            self._count(tallies, rows.class_inputs)

    def figures(self) -> Iterator[InputFigures]:
        """Yields what is known of each input with at least `LEAST_COUNT` values."""
        with self._lock:
            for (model, version), tallies in self._versions.items():
                for name, tally in tallies.items():
                    if tally.count >= LEAST_COUNT:
                        yield InputFigures(model, version, name, tally.stability_index(), tally.missing_share)

    def _count(self, tallies: dict[str, InputTally], columns: Columns) -> None:
        for name, column in columns.items():
            if name in tallies:
                tallies[name].add(column)
                if tallies[name].count > self._most:
                    tallies[name].halve()

    def _of(self, manifest: Manifest) -> dict[str, InputTally]:
        key = (manifest.model_name, manifest.version)
        tallies = self._versions.pop(key, None) or _tallies(manifest)
        self._versions[key] = tallies  # the last one that answered is the last one forgotten
        if len(self._versions) > _KEPT:
            del self._versions[next(iter(self._versions))]
        return tallies


def _tallies(manifest: Manifest) -> dict[str, InputTally]:
    specs = {spec.name: spec for spec in manifest.inputs}
    return {p.input_name: InputTally(specs[p.input_name], p) for p in manifest.input_profiles}
