"""What the server and a runner say to each other.

They travel pickled: both ends are our own code of the same release, over a socket pair that nobody else can open,
and pickle carries arrays of numbers and of texts without a codec of ours.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.domain.signatures import Tensors
from server.ranking.ports import Columns


@dataclass(frozen=True, slots=True)
class Load:
    """Load a SavedModel; answered with its `Signatures`."""

    saved_model_dir: str


@dataclass(frozen=True, slots=True)
class EncodeClasses:
    """Encode classes and keep them under `key`; of those kept before, only the keys in `keep` stay."""

    key: int
    columns: Columns
    keep: Collection[int]


@dataclass(frozen=True, slots=True)
class Rank:
    """Rank the classes kept under `key`; answered with scores and positions."""

    key: int
    columns: Columns
    candidates: NDArray[np.bool_]
    count: int


@dataclass(frozen=True, slots=True)
class Run:
    """Run a signature; answered with those of its outputs that are named, all if none is."""

    signature: str
    tensors: Tensors
    outputs: Collection[str]


@dataclass(frozen=True, slots=True)
class Measure:
    """Run a signature to see how long it takes; answered with the seconds that it took.

    If there are `classes`, they are encoded before, kept nowhere, and their state is among the inputs.
    """

    signature: str
    tensors: Tensors
    classes: Columns


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Make the warm-up requests of a SavedModel; answered with how many there were."""

    saved_model_dir: str


@dataclass(frozen=True, slots=True)
class Serve:
    """End the low priority under which a runner loads and warms."""


Call = Load | EncodeClasses | Rank | Run | Measure | WarmUp | Serve
"""What a runner does."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Say that you are there; answered at once, whatever calls are under way."""


@dataclass(frozen=True, slots=True)
class Request:
    """A call or a ping, to be answered under its id."""

    id: int
    call: Call | Ping


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave."""

    id: int
    result: Any


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call could not be done."""

    id: int
    message: str
    code: int
    """One of `google.rpc.Code`."""


Reply = Answer | Failure
