"""Decoding many of Feast's serialised Values at once.

In the wire format of protobuf, messages put one behind the other are one message with the fields of all. A Value
has one field, or none if it is null. So a message with the fields of Value, but each of them repeated, parses any
number of Values in one call, which takes a tenth of the time of parsing and asking them one by one.
"""

from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass

from server.features.cells import LIST_FIELDS, VALUE_FIELDS
from server.features.feast_formats import Value


def decode(field: str, cells: Sequence[bytes | None]) -> list[Any]:
    """Returns the values of serialised Values: None for a cell that is not there, null, or of another type.

    Args:
        field: The field of Value that has the declared type.
        cells: The bytes of each.

    Raises:
        google.protobuf.message.DecodeError: The bytes are not of a Value.
    """
    filled = list(filter(None, cells))
    found = _parse(field, b"".join(filled))
    if len(found) != len(filled):  # some are of another type
        return [next(iter(_parse(field, cell or b"")), None) for cell in cells]
    if len(found) == len(cells):
        return found
    values = iter(found)
    return [next(values) if cell else None for cell in cells]


def _parse(field: str, joined: bytes) -> list[Any]:
    found = getattr(_Values.FromString(joined), field)
    return [value.val[:] for value in found] if field in LIST_FIELDS else found[:]


def _repeated_value() -> Any:
    """Returns the class of a message with the fields of Value that we read, each repeated."""
    file = FileDescriptorProto(name="server/features/value_bytes.proto", syntax="proto3")
    file.dependency.append(Value.DESCRIPTOR.file.name)
    message = file.message_type.add(name="PacelineValues")
    value = DescriptorProto()
    Value.DESCRIPTOR.CopyToProto(value)
    message.field.extend(field for field in value.field if field.name in VALUE_FIELDS.values())
    for field in message.field:
        field.ClearField("oneof_index")
        field.label = FieldDescriptorProto.LABEL_REPEATED
    Default().AddSerializedFile(file.SerializeToString())
    return GetMessageClass(Default().FindMessageTypeByName(message.name))


_Values = _repeated_value()
