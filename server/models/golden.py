"""Golden requests, replayed: a loaded version has to give the scores that its manifest records."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import from_message
from contract.stubs.manifest_pb2 import GoldenRequest, Manifest
from server.domain.signatures import DEFAULT_SIGNATURE
from server.domain.versions import RefusalReason, Refused
from server.models.ports import CallFailed, Runner
from server.models.signatures import CLASS_SIDE

_KEY = 0
"""Where the runner keeps the classes of a golden request; gone with the first snapshot."""

Arrays = Mapping[str, NDArray[Any]]


async def replay_golden_requests(manifest: Manifest, runner: Runner) -> None:
    """Replays every golden request through each way of scoring that the version has.

    Raises:
        Refused: There is none, or a score differs by more than the manifest's tolerance or is not finite.
        RunnerLost: The runner ended.
    """
    if not manifest.golden_requests:
        raise Refused(RefusalReason.GOLDEN_MISMATCH, "the manifest holds no golden request, expected at least one")
    for index, request in enumerate(manifest.golden_requests):
        try:
            await _replay(manifest, runner, request)
        except (ValueError, CallFailed) as error:
            raise Refused(RefusalReason.GOLDEN_MISMATCH, f"golden request {index}: {error}") from None


async def _replay(manifest: Manifest, runner: Runner, request: GoldenRequest) -> None:
    expected = np.array(request.scores, dtype=np.float32)
    class_side, others = golden_columns(manifest, request)
    rows = _row_by_row({**class_side, **others}, len(expected))
    outputs = await runner.run(DEFAULT_SIGNATURE, rows)
    _compare(DEFAULT_SIGNATURE, outputs["score"], expected, manifest)
    if manifest.HasField("feature_source"):
        await _replay_ranking(manifest, runner, class_side, others, expected)


async def _replay_ranking(
    manifest: Manifest, runner: Runner, class_side: Arrays, others: Arrays, expected: NDArray[np.float32]
) -> None:
    """Ranks all classes of the request, whose scores then have to be those of the classes in the order ranked."""
    everything = np.ones((1, len(expected)), dtype=np.bool_)
    await runner.encode_classes(_KEY, class_side, keep=())
    scores, positions = await runner.rank(_KEY, others, everything, len(expected))
    if sorted(positions[0].tolist()) != list(range(len(expected))):
        raise _Mismatch(f"rank places classes {positions[0].tolist()}, expected each of {len(expected)} once")
    if np.any(np.diff(scores[0]) > 0):
        raise _Mismatch(f"rank's scores do not fall: {scores[0].tolist()}")
    _compare("rank", scores[0], expected[positions[0]], manifest)


def golden_columns(manifest: Manifest, request: GoldenRequest) -> tuple[Arrays, Arrays]:
    """Returns the columns of a golden request: those of the class side, and the others.

    Raises:
        ValueError: Its columns are not those of the inputs.
    """
    specs = {spec.name: spec for spec in manifest.inputs}
    messages = {message.input_name: message for message in request.columns}
    if messages.keys() != specs.keys():
        raise ValueError(f"has the columns {sorted(messages)}, expected {sorted(specs)}")
    columns = {name: from_message(specs[name], message) for name, message in messages.items()}
    class_side = {name: column for name, column in columns.items() if specs[name].source in CLASS_SIDE}
    others = {name: column for name, column in columns.items() if name not in class_side}
    return class_side, others


def _row_by_row(columns: Arrays, rows: int) -> Arrays:
    """Repeats the single row of a column as often as there are scores."""
    return {
        name: np.repeat(column, rows, axis=0) if len(column) == 1 else column for name, column in columns.items()
    }


def _compare(
    signature: str, found: NDArray[np.float32], expected: NDArray[np.float32], manifest: Manifest
) -> None:
    if found.shape != expected.shape:
        raise _Mismatch(f"{signature} gives {list(found.shape)} scores, expected {list(expected.shape)}")
    # "not <=" so that a NaN on either side is a difference too.
    differs = ~(np.abs(found - expected) <= manifest.score_tolerance)
    if np.any(differs):
        worst = int(np.argmax(np.where(differs, np.abs(found - expected), -1)))
        raise _Mismatch(
            f"{signature} scores {found[worst]:.7g} where the manifest says {expected[worst]:.7g}"
            f" (tolerance {manifest.score_tolerance:g})"
        )


class _Mismatch(ValueError):
    """A golden request is scored otherwise."""
