"""Orders ⇄ `temporal.api.common.v1.Payloads`, with nothing but Python.

A worker never does this: its SDK does. The demo does, so that it needs no package.
"""

from __future__ import annotations

import base64
import json
from typing import Any


def from_orders(orders: list[Any]) -> list[bytes]:
    """One json/plain payload for each order, as an SDK's JSON converter makes it."""
    texts = [json.dumps(order, ensure_ascii=False, separators=(",", ":")).encode() for order in orders]
    return [_entry(b"encoding", b"json/plain") + _field(2, text) for text in texts]


def to_orders(payloads: list[bytes]) -> list[Any]:
    """The orders in decoded payloads."""
    out = []
    for payload in payloads:
        metadata, data = read(payload)
        if metadata.get("encoding") != b"json/plain":
            raise ValueError(f"expected json/plain, found {metadata.get('encoding', b'no encoding')!r}")
        out.append(json.loads(data))
    return out


def join(payloads: list[bytes]) -> bytes:
    """A serialised Payloads."""
    return b"".join(_field(1, payload) for payload in payloads)


def split(message: bytes) -> list[bytes]:
    """The payloads of a serialised Payloads."""
    return [value for _, value in _fields(message)]


def read(payload: bytes) -> tuple[dict[str, bytes], bytes]:
    """Metadata and data of a payload."""
    metadata, data = {}, b""
    for number, value in _fields(payload):
        if number == 1:
            entry = dict(_fields(value))
            metadata[entry.get(1, b"").decode()] = entry.get(2, b"")
        elif number == 2:
            data = value
    return metadata, data


def to_json(payloads: list[bytes]) -> str:
    """The JSON body of a codec server, which the `tdc` command reads."""
    items = []
    for payload in payloads:
        metadata, data = read(payload)
        items.append({"metadata": {key: _base64(value) for key, value in metadata.items()}, "data": _base64(data)})
    return json.dumps({"payloads": items})


def from_json(text: str) -> list[bytes]:
    """The payloads of such a body."""
    out = []
    for item in json.loads(text)["payloads"]:
        metadata = b"".join(_entry(key.encode(), base64.b64decode(value)) for key, value in item["metadata"].items())
        out.append(metadata + _field(2, base64.b64decode(item.get("data", ""))))
    return out


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _entry(key: bytes, value: bytes) -> bytes:
    return _field(1, _field(1, key) + _field(2, value))


def _field(number: int, content: bytes) -> bytes:
    length = len(content)
    out = bytearray([number << 3 | 2])
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes(out) + bytes([length]) + content


def _fields(message: bytes) -> list[tuple[int, bytes]]:
    """The length-delimited fields of a message; there are no others in what the demo reads."""
    out, at = [], 0
    while at < len(message):
        tag, length, shift = message[at], 0, 0
        if tag & 7 != 2:
            raise ValueError(f"expected a length-delimited field, found the tag {tag:#x}")
        while True:
            at += 1
            length |= (message[at] & 0x7F) << shift
            shift += 7
            if message[at] < 0x80:
                break
        out.append((tag >> 3, message[at + 1 : at + 1 + length]))
        at += 1 + length
    return out
