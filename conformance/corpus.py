"""The payloads that go through every pair of writer and reader."""

from __future__ import annotations

import random
from typing import NamedTuple

from messages import Payload


class Item(NamedTuple):
    """One payload. `json`: whether the codec server's JSON can carry it (unknown fields cannot)."""

    name: str
    payload: bytes
    json: bool = True


def _make(encoding: str, data: bytes = b"", metadata: dict[str, bytes] | None = None, sizes: tuple[int, ...] = ()) -> bytes:
    message = Payload(metadata={"encoding": encoding.encode(), **(metadata or {})}, data=data)
    for size in sizes:
        message.external_payloads.add(size_bytes=size)
    return bytes(message.SerializeToString(deterministic=True))


def corpus() -> list[Item]:
    """All of them; the same bytes every time."""
    chance = random.Random(2)  # noqa: S311 - the same payloads every time
    many = {f"key-{n:03}": chance.randbytes(n % 7) for n in range(100)}
    words = "Grüße, 世界, שלום, 🍵, e\u0301, \u2028, \u0000".encode()
    orders = b"[" + b",".join(b'{"order":%d,"sku":"TEA-%03d","quantity":2}' % (n, n % 7) for n in range(200)) + b"]"
    of_type = {"messageType": b"temporal.api.common.v1.WorkflowExecution"}
    string = _make("json/plain", b'"Testing"')
    unknown = b"\xa0\x06\x07" + b"\x92\x4e\x06future" + b"\x7d\x01\x02\x03\x04" + b"\x83\x01\x08\x01\x84\x01"
    return [
        Item("null", _make("binary/null")),
        Item("empty payload", b""),
        Item("empty bytes", _make("binary/plain")),
        Item("bytes", _make("binary/plain", bytes(range(256)))),
        Item("JSON", string),
        Item("JSON, large", _make("json/plain", orders)),
        Item("Unicode", _make("json/plain", words, {"größe": "大".encode()})),
        Item("JSON protobuf", _make("json/protobuf", b'{"workflowId":"w"}', of_type)),
        Item("binary protobuf", _make("binary/protobuf", b"\x0a\x01w\x12\x01r", of_type)),
        Item("2 MiB", _make("binary/plain", chance.randbytes(1 << 20) + bytes(1 << 20))),
        Item("external_payloads", _make("json/plain", b"{}", sizes=(300_000, 0, 2**62))),
        Item("unknown fields", string + unknown, json=False),
        Item("many metadata keys", _make("binary/plain", b"x", many)),
        Item("unknown encoding", _make("acme/rot13", b"Grfgvat")),
    ]
