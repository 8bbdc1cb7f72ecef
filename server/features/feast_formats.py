"""How Feast lays out what it keeps, without Feast itself: its messages, and the keys of entities.

Feast's package imports pandas, PyArrow, FastAPI, SQLAlchemy and more: a second and 120 MiB.
"""

from collections.abc import Sequence
from struct import pack

import mmh3

from contract.stand_in import without_its_init

with without_its_init("feast"):
    from feast.infra.key_encoding_utils import serialize_entity_key_prefix
    from feast.protos.feast.core.FeatureService_pb2 import FeatureService as FeatureServiceMessage
    from feast.protos.feast.core.FeatureView_pb2 import FeatureView as FeatureViewMessage
    from feast.protos.feast.core.Registry_pb2 import Registry as RegistryMessage
    from feast.protos.feast.core.StreamFeatureView_pb2 import StreamFeatureView as StreamFeatureViewMessage
    from feast.protos.feast.types.Value_pb2 import Value, ValueType

__all__ = [
    "FeatureServiceMessage",
    "FeatureViewMessage",
    "RegistryMessage",
    "StreamFeatureViewMessage",
    "Value",
    "ValueType",
    "redis_field",
    "serialized_keys",
]

KEY_VERSION = 3
"""Feast's default `entity_key_serialization_version`."""


def serialized_keys(join_key: str, ids: Sequence[str], version: int = KEY_VERSION) -> list[bytes]:
    """Returns what `serialize_entity_key` would for entities with one join key, without a message for each."""
    prefix = serialize_entity_key_prefix([join_key], version) + pack("<I", ValueType.STRING)
    encoded = [value.encode() for value in ids]
    return [prefix + pack("<I", len(value)) + value for value in encoded]


def redis_field(view: str, feature: str) -> bytes:
    """Returns the field of a feature in an entity's hash."""
    number: int = mmh3.hash(f"{view}:{feature}", signed=False)
    return pack("<I", number)
