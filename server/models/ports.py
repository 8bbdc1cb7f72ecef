"""What the lifecycle of a version needs from others: a runner, and the hooks that the app composes."""

from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contract.stubs.manifest_pb2 import Manifest
from server.domain.signatures import Signatures, Tensors
from server.ranking.ports import Columns, ReadColumns

INTERNAL = 13
"""The code of a failure that TensorFlow gives none; of `google.rpc.Code`."""


class CallFailed(Exception):
    """A runner could not do what it was asked.

    Args:
        message: What TensorFlow says.
        code: TensorFlow's code, which is one of `google.rpc.Code`.
    """

    def __init__(self, message: str, code: int = INTERNAL) -> None:
        super().__init__(message)
        self.code = code


class Runner(Protocol):
    """A process that holds one loaded version.

    Every call raises RunnerLost if the process ends, and CallFailed if it can't be done. A call that is cancelled
    before its turn is never made. Once it serves, a process that hangs is killed, and counts as lost.
    """

    @property
    def is_lost(self) -> bool:
        """Whether the process ended, or can no longer be reached."""
        ...

    @property
    def is_responsive(self) -> bool:
        """Whether the process is there and answers; requests had better go elsewhere if it does not."""
        ...

    @property
    def runtime(self) -> str:
        """What runs the version, such as "tensorflow", and what its classes are preselected in, if they are."""
        ...

    @property
    def rows_at_once(self) -> int:
        """The most members times classes that are worth a call of `rank`, unless one member alone has more."""
        ...

    async def load(self, saved_model_dir: Path) -> Signatures:
        """Loads a SavedModel and returns its signatures."""
        ...

    async def encode_classes(self, key: int, columns: Columns, keep: Collection[int]) -> None:
        """Encodes classes and keeps them under `key`; of those kept before, only the keys in `keep` stay."""
        ...

    async def rank(
        self, key: int, read: ReadColumns, candidates: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Ranks the classes kept under `key`; see `server.ranking.ports.Lease.rank`."""
        ...

    async def run(self, signature: str, tensors: Tensors, outputs: Collection[str] = ()) -> Tensors:
        """Runs a signature and returns those of its outputs that are named, all if none is."""
        ...

    async def measure(self, signature: str, tensors: Tensors, classes: Columns) -> float:
        """Runs a signature and returns how many seconds that took in the process itself.

        Args:
            signature: The signature.
            tensors: Its inputs.
            classes: If there are any, they are encoded before, and their state is among the inputs. They are kept
                under no key, so this never stands in the way of what is ranked.
        """
        ...

    async def warm_up(self, saved_model_dir: Path) -> int:
        """Makes the requests of ``assets.extra/tf_serving_warmup_requests``, and returns how many there were."""
        ...

    async def serve(self) -> None:
        """Ends the low priority under which a runner loads and warms. From then on it is watched."""
        ...

    async def close(self) -> None:
        """Ends the process and returns when it is gone. May be called again."""
        ...


StartRunner = Callable[[Callable[[], None]], Awaitable[Runner]]
"""Starts a runner. Its argument is called once, from the event loop, when the process is lost; not on `close`."""

Check = Callable[[Manifest], Awaitable[Any]]
"""Decides whether a version may be loaded: raises Refused if it must not serve. Any other error is tried again."""
