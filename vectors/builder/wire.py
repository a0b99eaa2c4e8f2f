"""Protobuf bytes by hand: well formed, and wrong on purpose.

Payloads  { repeated Payload payloads = 1 }
Payload   { map<string, bytes> metadata = 1; bytes data = 2; repeated ExternalPayloadDetails external_payloads = 3 }
map entry { string key = 1; bytes value = 2 }
ExternalPayloadDetails { int64 size_bytes = 1 }
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

VARINT = 0
FIXED64 = 1
LENGTH = 2
GROUP_START = 3
GROUP_END = 4
FIXED32 = 5

Metadata = Mapping[str, bytes] | Iterable[tuple[str | bytes, bytes]]


def varint(value: int, width: int = 0) -> bytes:
    """Encodes `value`; with `width` it takes at least that many bytes (a non-minimal form)."""
    out = bytearray()
    while value > 0x7F or len(out) + 1 < width:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int, wire_type: int) -> bytes:
    """The tag of a field."""
    return varint(number << 3 | wire_type)


def delimited(number: int, content: bytes) -> bytes:
    """A length-delimited field (wire type 2)."""
    return tag(number, LENGTH) + varint(len(content)) + content


def number_field(number: int, value: int) -> bytes:
    """A varint field (wire type 0)."""
    return tag(number, VARINT) + varint(value)


def group(number: int, content: bytes = b"") -> bytes:
    """A group (wire types 3 and 4), balanced."""
    return tag(number, GROUP_START) + content + tag(number, GROUP_END)


def nested_groups(depth: int, number: int = 9) -> bytes:
    """`depth` groups, one in the other."""
    return tag(number, GROUP_START) * depth + tag(number, GROUP_END) * depth


def entry(key: str | bytes, value: bytes) -> bytes:
    """One metadata entry as a field of Payload, with key and value written even when empty."""
    raw = key.encode() if isinstance(key, str) else key
    return delimited(1, delimited(1, raw) + delimited(2, value))


def metadata(entries: Metadata) -> bytes:
    """The metadata entries, in the given order."""
    pairs: Iterable[tuple[str | bytes, bytes]]
    pairs = list(entries.items()) if isinstance(entries, Mapping) else entries
    return b"".join(entry(key, value) for key, value in pairs)


def payload(entries: Metadata, data: bytes | None = None, rest: bytes = b"") -> bytes:
    """A Payload: metadata, then data when it is given, then any other fields as they are."""
    return metadata(entries) + (b"" if data is None else delimited(2, data)) + rest


def plain(encoding: str, data: bytes | None = None, rest: bytes = b"") -> bytes:
    """A Payload with nothing but `encoding` in its metadata."""
    return payload({"encoding": encoding.encode()}, data, rest)


def external(size_bytes: int) -> bytes:
    """One `external_payloads` field."""
    return delimited(3, number_field(1, size_bytes))


def payloads(*items: bytes, rest: bytes = b"") -> bytes:
    """A Payloads message, then any other fields as they are."""
    return b"".join(delimited(1, item) for item in items) + rest
