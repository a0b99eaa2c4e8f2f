"""`temporal.api.common.v1` without the SDK: descriptors made here, read by the official Python protobuf.

Payloads  { repeated Payload payloads = 1 }
Payload   { map<string, bytes> metadata = 1; bytes data = 2; repeated ExternalPayloadDetails external_payloads = 3 }
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.unknown_fields import UnknownFieldSet

_Field = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "temporal.api.common.v1"


def _field(message: descriptor_pb2.DescriptorProto, number: int, name: str, kind: Any, of: str = "", *, many: bool = False) -> None:
    field = message.field.add()
    field.number, field.name, field.type = number, name, kind
    field.label = _Field.LABEL_REPEATED if many else _Field.LABEL_OPTIONAL
    if of:
        field.type_name = f".{_PACKAGE}.{of}"


def _messages() -> tuple[Any, ...]:
    file = descriptor_pb2.FileDescriptorProto()
    file.name, file.package, file.syntax = "tdc/conformance.proto", _PACKAGE, "proto3"
    payload = file.message_type.add(name="Payload")
    entry = payload.nested_type.add(name="MetadataEntry")
    entry.options.map_entry = True
    _field(entry, 1, "key", _Field.TYPE_STRING)
    _field(entry, 2, "value", _Field.TYPE_BYTES)
    details = payload.nested_type.add(name="ExternalPayloadDetails")
    _field(details, 1, "size_bytes", _Field.TYPE_INT64)
    _field(payload, 1, "metadata", _Field.TYPE_MESSAGE, "Payload.MetadataEntry", many=True)
    _field(payload, 2, "data", _Field.TYPE_BYTES)
    _field(payload, 3, "external_payloads", _Field.TYPE_MESSAGE, "Payload.ExternalPayloadDetails", many=True)
    payloads = file.message_type.add(name="Payloads")
    _field(payloads, 1, "payloads", _Field.TYPE_MESSAGE, "Payload", many=True)
    framing = file.message_type.add(name="Framing")
    _field(framing, 1, "payloads", _Field.TYPE_BYTES, many=True)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return tuple(message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in ("Payload", "Framing"))


#: `Framing` is Payloads with its payloads as plain bytes: what a walk sees before it looks into each.
Payload, Framing = _messages()


def content(payload: bytes) -> tuple[Any, ...]:
    """What a payload says: metadata, data, sizes of external payloads, unknown fields. Two payloads are equal if these are."""
    message = Payload.FromString(payload)
    details = tuple((item.size_bytes, fields_of(item)) for item in message.external_payloads)
    return (dict(message.metadata), message.data, details, fields_of(message))


def fields_of(message: Any) -> tuple[Any, ...]:
    """The unknown fields of a message, groups unfolded."""
    return _fields(UnknownFieldSet(message))


def _fields(fields: Any) -> tuple[Any, ...]:
    # Java keeps unknown fields sorted by number, and protobuf gives no meaning to the order between
    # numbers.
    read = [(f.field_number, f.wire_type, _fields(f.data) if f.wire_type == 3 else f.data) for f in fields]
    return tuple(sorted(read, key=lambda field: field[0]))


def split(payloads: bytes) -> list[bytes]:
    """The payloads of a Payloads, as the bytes that are in it."""
    return list(Framing.FromString(payloads).payloads)


def join(items: list[bytes]) -> bytes:
    """A Payloads of these payloads."""
    return bytes(Framing(payloads=items).SerializeToString())


def encoding_of(payload: bytes) -> str | None:
    """The outermost `encoding`, or None."""
    value = Payload.FromString(payload).metadata.get("encoding")
    return None if value is None else bytes(value).decode()


def external_sizes_of(payload: bytes) -> list[int]:
    """The sizes that a payload shows of its external payloads."""
    return [item.size_bytes for item in Payload.FromString(payload).external_payloads]
