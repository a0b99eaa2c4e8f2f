"""The little protobuf that this binding reads and writes itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_VARINT: Final = 0
_BYTES: Final = 2
_MORE: Final = 0x80


def varint(value: int) -> bytes:
    """Encode a number as protobuf does."""
    out = bytearray()
    while value >= _MORE:
        out.append(value & 0x7F | _MORE)
        value >>= 7
    out.append(value)
    return bytes(out)


def length_prefix(number: int, size: int) -> bytes:
    """Encode the tag and the length of a field of bytes."""
    return varint(number << 3 | _BYTES) + varint(size)


def bytes_field(number: int, value: bytes) -> bytes:
    """Encode a field of bytes."""
    return length_prefix(number, len(value)) + value


def int_field(number: int, value: int) -> bytes:
    """Encode a field with a number."""
    return varint(number << 3 | _VARINT) + varint(value)


def fields(message: bytes | memoryview) -> Iterator[tuple[int, Any]]:
    """Take a message of the library apart: numbers of fields, each with an int or bytes.

    Of a ``memoryview``, which copies nothing, come views.
    """
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        value, at = _read_varint(message, at)
        if tag & 7 == _VARINT:
            yield tag >> 3, value
        else:
            yield tag >> 3, message[at : at + value]
            at += value


def _read_varint(message: bytes | memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < _MORE:
            return value, at
        shift += 7
