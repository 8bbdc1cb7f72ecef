"""Starting a training from the weights of an earlier version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import SpecError
from training.model.inputs import InputEncoder
from training.model.network import Network
from training.model.snapshot import Block, Snapshot, named_weights


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the categories of a feature were in the earlier network.

    Attributes:
        places: Which category each one was, -1 if none, ``[categories]``.
        older_size: How many there were.
    """

    places: NDArray[np.int64]
    older_size: int


Moves = Mapping[str, Moved]
"""By feature."""


def warm_start(encoder: InputEncoder, network: Network, start: Snapshot) -> list[str]:
    """Copies what an earlier network knew into a new one, and returns what it could not take, a sentence each.

    Rows of tables are copied by what they stand for: a value keeps its embedding and its weights wherever its
    index has gone. Other weights are copied where their shapes agree.

    Raises:
        SpecError: The earlier network predicts something else.
    """
    if start.objective != network.spec.objective:
        found = f"the version to start from was trained for {start.objective!r}"
        raise SpecError(f"model.objective is {network.spec.objective!r}, and {found}")
    own = Snapshot.of(encoder, network)
    moves = {
        name: Moved(categories.places_in(start.categories[name]), start.categories[name].size)
        for name, categories in own.categories.items()
        if name in start.categories
    }
    return [note for named in named_weights(network) for note in _copy(named, own, start, moves)]


def _copy(named: tuple[str, Any], own: Snapshot, start: Snapshot, moves: Moves) -> Iterator[str]:
    name, variable = named
    new, old = own.weights[name], start.weights.get(name)
    if old is None:
        yield f"warm start: {name} starts anew, the version that it starts from has none"
    elif name in own.blocks and name in start.blocks and new.shape[1:] == old.shape[1:]:
        copied = copy_rows(new, own.blocks[name], old, start.blocks[name], moves)
        variable.assign(new)
        if copied < len(new):
            yield f"warm start: {name} takes {copied:,} of its {len(new):,} rows"
    elif new.shape == old.shape:
        variable.assign(old)
    else:
        yield f"warm start: {name} starts anew, its shape was {list(old.shape)} and is {list(new.shape)}"


def copy_rows(
    new: NDArray[np.float32],
    blocks: Sequence[Block],
    old: NDArray[np.float32],
    older_blocks: Sequence[Block],
    moves: Moves,
) -> int:
    """Copies the rows of a weight that stand for the same, and returns how many.

    Args:
        new: Where to, ``[rows, ...]``.
        blocks: What its rows stand for.
        old: Where from, ``[older rows, ...]``.
        older_blocks: What those stand for.
        moves: Where the categories of the blocks' features were.
    """
    older = {block.name: block for block in older_blocks}
    starts = dict(zip(older, np.cumsum([0, *(block.size for block in older_blocks)]), strict=False))
    copied = begin = 0
    for block in blocks:
        if block.name in older:
            source = _sources(block, older[block.name], moves)
            known = np.flatnonzero(source >= 0)
            new[begin + known] = old[starts[block.name] + source[known]]
            copied += len(known)
        begin += block.size
    return copied


def _sources(block: Block, older: Block, moves: Moves) -> NDArray[np.int64]:
    """Returns which row of the older block each row of the block was, -1 if none, ``[size]``."""
    if not block.features:
        return np.arange(block.size) if block.size == older.size else np.full(block.size, -1)
    source = np.zeros(1, np.int64)
    for moved in (moves[feature] for feature in block.features):
        is_known = np.logical_and.outer(source >= 0, moved.places >= 0)
        source = np.where(is_known, np.add.outer(source * moved.older_size, moved.places), -1).reshape(-1)
    return source
