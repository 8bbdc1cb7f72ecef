"""Rows of several requests in one call, without ever waiting for more of them; see `server.domain.shared_calls`.

Only for a signature that scores each row by itself, which the default signature of a version with a manifest does.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence

import numpy as np

from server.domain.shared_calls import SharedCalls
from server.domain.signatures import Signature, Tensors
from server.models.ports import CallFailed

CALLS_AT_ONCE = 2
"""While one call is in the model, the tensors of others are put together."""
ROWS_AT_ONCE = 1024
"""The most rows of one call, unless one request alone has more."""

Run = Callable[[Tensors], Awaitable[Tensors]]


class RowBatches:
    """Runs a signature for all requests.

    Args:
        run: Runs it on some rows, and returns outputs with as many.
        rows_at_once: The most rows of one call, unless one request alone has more.
    """

    def __init__(self, run: Run, rows_at_once: int = ROWS_AT_ONCE) -> None:
        self._run = run
        self._calls: SharedCalls[Tensors, Tensors] = SharedCalls(
            self._answers, most=rows_at_once, calls_at_once=CALLS_AT_ONCE
        )

    async def run(self, tensors: Tensors) -> Tensors:
        """Returns the outputs for tensors that `have_rows`.

        Raises:
            RunnerLost: The runner ended.
            CallFailed: It can't run these.
        """
        return await self._calls.ask(tensors, _rows(tensors))

    async def _answers(self, requests: Sequence[Tensors]) -> Sequence[Tensors | Exception]:
        """Answers requests by one call; by one for each if that fails, so that none has to pay for another."""
        try:
            return list(_parts(await self._run(_joined(requests)), requests))
        except CallFailed as error:
            if len(requests) == 1:
                return [error]
        return [answer for request in requests for answer in await self._answers([request])]


def have_rows(signature: Signature, tensors: Tensors) -> bool:
    """Returns whether tensors are all inputs of a signature, with the same number of rows, which is not 0."""
    if tensors.keys() != signature.inputs.keys():
        return False
    shapes = {tensor.shape[:1] for tensor in tensors.values()}
    return len(shapes) == 1 and shapes.isdisjoint({(), (0,)})


def _rows(tensors: Tensors) -> int:
    return len(next(iter(tensors.values())))


def _joined(requests: Sequence[Tensors]) -> Tensors:
    if len(requests) == 1:
        return requests[0]
    return {name: np.concatenate([request[name] for request in requests]) for name in requests[0]}


def _parts(found: Tensors, requests: Sequence[Tensors]) -> Iterator[Tensors]:
    start = 0
    for request in requests:
        end = start + _rows(request)
        yield {name: output[start:end] for name, output in found.items()}
        start = end
