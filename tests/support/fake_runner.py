"""A runner without a process: the tiny model in numpy, which a test can make crash or hang."""

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.domain.errors import RunnerLost
from server.domain.signatures import DEFAULT_SIGNATURE, Signatures, Tensors
from server.models.ports import CallFailed
from server.models.signatures import expected_signatures
from server.ranking.ports import ROWS_AT_ONCE, Columns, ReadColumns
from tests.support import linear_model

_MODEL_FILE = "weight.txt"


def write_fake_model(version_dir: Path, weight: float) -> None:
    """Writes what FakeRunner loads."""
    (version_dir / _MODEL_FILE).write_text(str(weight))


def write_broken_model(version_dir: Path, weight: float) -> None:  # noqa: ARG001 - a broken model has none
    """Writes what FakeRunner can't load."""
    (version_dir / _MODEL_FILE).write_text("no number")


Measured = tuple[str, Tensors, Columns]
"""What a runner was asked to measure: a signature, its inputs and classes."""


class FakeRunner:
    """See `server.models.ports.Runner`."""

    runtime = "numpy"
    rows_at_once = ROWS_AT_ONCE
    seconds = 0.001
    """What any signature takes."""

    def __init__(self, on_lost: Callable[[], None], signatures: Signatures) -> None:
        self.is_lost = False
        self.is_responsive = True
        self.is_closed = False
        self.has_crashed = False
        self.is_serving = False
        self.kept: dict[int, Columns] = {}
        self.warmed_up: list[Path] = []
        self.measured: list[Measured] = []
        self._on_lost = on_lost
        self._signatures = signatures
        self._weight = 0.0

    def crash(self) -> None:
        """Ends as a process that is killed does."""
        if not self.is_lost:
            self.is_lost = self.has_crashed = True
            self.is_responsive = False
            self._on_lost()

    async def load(self, saved_model_dir: Path) -> Signatures:
        self._check_alive()
        try:
            self._weight = float((saved_model_dir / _MODEL_FILE).read_text())
        except ValueError as error:
            raise CallFailed(str(error)) from None
        return self._signatures

    async def encode_classes(self, key: int, columns: Columns, keep: Collection[int]) -> None:
        await self._turn()
        self.kept = {kept: classes for kept, classes in self.kept.items() if kept in keep} | {key: columns}

    async def rank(
        self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        await self._turn()
        if key not in self.kept:
            raise CallFailed(f"no classes under {key}")
        return linear_model.ranking(self._weight, read(), self.kept[key], candidates, count)

    async def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        await self._turn()
        if signature != DEFAULT_SIGNATURE:
            raise CallFailed(f"no signature {signature}")
        found = {"score": linear_model.scores(self._weight, tensors)}
        return {name: found[name] for name in outputs or found}

    async def measure(self, signature: str, tensors: Tensors, classes: Columns) -> float:
        await self._turn()
        self.measured.append((signature, tensors, classes))
        return self.seconds

    async def warm_up(self, saved_model_dir: Path) -> int:
        await self._turn()
        self.warmed_up.append(saved_model_dir)
        return 0

    async def serve(self) -> None:
        await self._turn()
        self.is_serving = True

    async def close(self) -> None:
        self.is_lost = self.is_closed = True
        self.is_responsive = False

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        self._check_alive()

    def _check_alive(self) -> None:
        if self.is_lost:
            raise RunnerLost("the runner ended")


class FakeRunners:
    """Starts fake runners and remembers them, in order."""

    def __init__(self) -> None:
        self.started: list[FakeRunner] = []
        self.signatures = expected_signatures(linear_model.manifest(1, 1.0))
        self.kind = FakeRunner
        self.crashing_starts = 0
        """How many of the next runners crash before they load."""

    async def start(self, on_lost: Callable[[], None]) -> FakeRunner:
        runner = self.kind(on_lost, self.signatures)
        self.started.append(runner)
        if self.crashing_starts:
            self.crashing_starts -= 1
            runner.crash()
        return runner

    @property
    def alive(self) -> list[FakeRunner]:
        """Those that run."""
        return [runner for runner in self.started if not runner.is_lost]
