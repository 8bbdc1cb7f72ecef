"""Golden requests, replayed: a loaded version has to give the scores that its manifest records."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import from_message
from contract.sides import CLASS_SIDE
from contract.stubs.manifest_pb2 import GoldenRequest, Manifest
from server.domain.signatures import DEFAULT_SIGNATURE
from server.domain.versions import RefusalReason, Refused
from server.models.ports import CallFailed, Runner
from server.models.scores import Scores, check_finite, check_ranking, check_scores, check_varied

_KEY = 0
"""Where the runner keeps the classes of a golden request; gone with the first snapshot."""
_PAGE = 10
"""How many classes are ranked for a page, which is fewer than there are."""

Arrays = Mapping[str, NDArray[Any]]


async def replay_golden_requests(manifest: Manifest, runner: Runner) -> None:
    """Replays every golden request through each way of scoring that the version has.

    Raises:
        Refused: There is none, a score is not finite or differs by more than the manifest's tolerance, the classes
            are ranked otherwise, or all scores are equal.
        RunnerLost: The runner ended.
    """
    if not manifest.golden_requests:
        raise Refused(RefusalReason.GOLDEN_MISMATCH, "the manifest holds no golden request, expected at least one")
    served = []
    for index, request in enumerate(manifest.golden_requests):
        try:
            served.append(await _replay(manifest, runner, request))
        except Refused as refused:
            raise Refused(refused.reason, f"golden request {index}: {refused}") from None
        except (ValueError, CallFailed) as error:
            raise Refused(RefusalReason.GOLDEN_MISMATCH, f"golden request {index}: {error}") from None
    check_varied(np.concatenate(served))


async def _replay(manifest: Manifest, runner: Runner, request: GoldenRequest) -> Scores:
    """Returns the scores that are served for a golden request, which are as promised."""
    expected = np.array(request.scores, dtype=np.float32)
    if not expected.size:
        raise ValueError("has no scores, expected at least one")
    check_finite("the manifest", expected)
    class_side, others = golden_columns(manifest, request)
    outputs = await runner.run(DEFAULT_SIGNATURE, row_by_row({**class_side, **others}, len(expected)), ["score"])
    check_finite(DEFAULT_SIGNATURE, outputs["score"])
    check_scores(DEFAULT_SIGNATURE, outputs["score"], expected, manifest.score_tolerance)
    if manifest.HasField("feature_source"):
        await runner.encode_classes(_KEY, class_side, keep=())
        for count in (len(expected), max(1, min(_PAGE, len(expected) - 1))):
            await _replay_ranking(runner, others, expected, count, manifest.score_tolerance)
    return outputs["score"]


async def _replay_ranking(runner: Runner, others: Arrays, expected: Scores, count: int, tolerance: float) -> None:
    """Ranks the best `count` classes of a request."""
    everything = np.ones((1, len(expected)), dtype=np.bool_)
    scores, positions = await runner.rank(_KEY, lambda: others, everything, count)
    if scores.shape != (1, count) or positions.shape != (1, count):
        raise ValueError(
            f"rank of {count} gives {list(scores.shape)} scores and {list(positions.shape)} positions,"
            f" expected [1, {count}] of each"
        )
    check_finite(f"rank of {count}", scores)
    check_ranking(scores[0], positions[0], expected, tolerance)


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


def row_by_row(columns: Arrays, rows: int) -> Arrays:
    """Repeats the single row of a column as often as there are rows."""
    return {
        name: np.repeat(column, rows, axis=0) if len(column) == 1 else column for name, column in columns.items()
    }
