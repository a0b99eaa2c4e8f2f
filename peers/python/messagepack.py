"""JSON payloads as MessagePack, by ``json`` and ``msgpack``: both are C underneath."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

msgpack: Any = import_module("msgpack")  # it comes without types


class MessagePackCodec(PayloadCodec):
    """What a team would write in an afternoon."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Make MessagePack of JSON."""
        return [
            Payload(
                metadata={"encoding": b"binary/msgpack"},
                data=msgpack.packb(json.loads(payload.data)),
            )
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Make JSON of MessagePack."""
        return [
            Payload(
                metadata={"encoding": b"json/plain"},
                data=json.dumps(
                    msgpack.unpackb(payload.data), separators=(",", ":"), ensure_ascii=False
                ).encode(),
            )
            for payload in payloads
        ]
