"""Whether a version is as fast as the one that serves. Both are asked the like, in turns, on the same machine."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import RunnerLost
from server.domain.signatures import DEFAULT_SIGNATURE, Tensors
from server.domain.versions import RefusalReason, Refused
from server.models.golden import golden_columns, row_by_row
from server.models.leases import LoadedVersion
from server.models.ports import CallFailed, Runner
from server.ranking.ports import Columns

ROUNDS = 15
"""How often each version is timed. The fastest counts: whatever else the machine does only ever adds."""
ROWS = 500
"""How many classes are ranked, or rows scored."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Question:
    """What `Runner.measure` is asked."""

    signature: str
    tensors: Tensors
    classes: Columns

    async def ask(self, runner: Runner) -> float:
        return await runner.measure(self.signature, self.tensors, self.classes)


async def check_speed(loaded: LoadedVersion, serving: LoadedVersion, max_slowdown: float) -> None:
    """Refuses a version that takes too long to rank, or to score if it does not rank.

    Each is asked with its own first golden request, repeated to `ROWS` classes or rows. Versions that can't be
    compared, as one ranks and the other does not or has no manifest, pass.

    Args:
        loaded: The version, at normal priority.
        serving: The version that serves.
        max_slowdown: How many times as long it may take.

    Raises:
        Refused: It takes longer.
        RunnerLost: Its runner ended.
    """
    ours, theirs = _question(loaded.manifest), _question(serving.manifest)
    if ours is None or theirs is None or ours.signature != theirs.signature:
        return
    try:
        seconds, others = await _fastest((ours, loaded.runner), (theirs, serving.runner))
    except (CallFailed, RunnerLost) as error:
        if loaded.runner.is_lost:
            raise
        _log.warning("version %d is not compared in speed: %s", loaded.manifest.version, error)
        return
    if seconds > max_slowdown * others:
        raise Refused(
            RefusalReason.TOO_SLOW,
            f"{ours.signature} of {ROWS} takes {1000 * seconds:.3g} ms, expected at most {max_slowdown:g} times"
            f" the {1000 * others:.3g} ms of version {serving.manifest.version}",
        )


async def _fastest(*asked: tuple[_Question, Runner]) -> list[float]:
    """Asks each question of its runner, in turns, and returns the fewest seconds that each took."""
    rounds = [[await question.ask(runner) for question, runner in asked] for _ in range(ROUNDS)]
    return [min(seconds) for seconds in zip(*rounds, strict=True)]


def _question(manifest: Manifest) -> _Question | None:
    if not manifest.golden_requests:
        return None
    class_side, others = golden_columns(manifest, manifest.golden_requests[0])
    if not manifest.HasField("feature_source"):
        rows = row_by_row(others, len(manifest.golden_requests[0].scores))
        return _Question(DEFAULT_SIGNATURE, _repeated(rows), {})
    everything = {"candidates": np.ones((1, ROWS), dtype=np.bool_), "count": np.array(ROWS, dtype=np.int32)}
    return _Question("rank", {**others, **everything}, _repeated(class_side))


def _repeated(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: np.take(column, np.arange(ROWS) % len(column), axis=0) for name, column in columns.items()}
