"""The list of the live classes, which materialising keeps in a feature view: online stores can't list their keys.

The view's entities are shards, "0" and up. Each holds some of the class ids, the generation it was written in, and
how many shards that generation has.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from contract.stubs import manifest_pb2 as pb
from server.domain.errors import StoreUnavailable

_GENERATION = pb.Input(name="generation", data_type=pb.DATA_TYPE_INT64)
_SHARD_COUNT = pb.Input(name="shard_count", data_type=pb.DATA_TYPE_INT64)
_CLASS_IDS = pb.Input(name="class_ids", data_type=pb.DATA_TYPE_STRING_LIST, list_length=1)
"""Read whatever their age: an old list is better than none."""


class FeatureReader(Protocol):
    """Reads features from the online store. Blocks."""

    def read(self, view: str, ids: Sequence[str], inputs: Sequence[pb.Input]) -> Mapping[str, Sequence[Any]]:
        """Returns the values of features of one view by name, one for each id, None where not OK.

        Raises:
            StoreUnavailable: The store could not be read.
        """
        ...


def read_generation(features: FeatureReader, view: str) -> int:
    """Returns the generation of the list. Blocks.

    Raises:
        StoreUnavailable: The store could not be read, or holds no list.
    """
    return _first(features.read(view, ["0"], [_GENERATION]), _GENERATION, view)


def read_class_ids(features: FeatureReader, view: str) -> tuple[int, list[str]]:
    """Returns the generation and the ids of its classes, rising. Blocks.

    Raises:
        StoreUnavailable: The store could not be read, holds no list, or the list is just being written.
    """
    first = features.read(view, ["0"], [_GENERATION, _SHARD_COUNT])
    generation, shard_count = (_first(first, spec, view) for spec in (_GENERATION, _SHARD_COUNT))
    shards = features.read(view, [str(shard) for shard in range(shard_count)], [_GENERATION, _CLASS_IDS])
    if set(shards["generation"]) != {generation}:
        raise StoreUnavailable(f"feature view {view!r} holds shards of other generations than {generation}")
    ids = sorted({class_id for shard in shards["class_ids"] for class_id in shard or ()})
    if not ids:
        raise StoreUnavailable(f"feature view {view!r} lists no class")
    return generation, ids


def _first(values: Mapping[str, Sequence[Any]], spec: pb.Input, view: str) -> int:
    value = values[spec.name][0]
    if value is None:
        raise StoreUnavailable(f"feature view {view!r} has no {spec.name} for shard '0'; it was not materialised")
    return int(value)
