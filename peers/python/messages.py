"""Protobuf messages as JSON and back: the events that every language's bench repeats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import temporal_tdc
from google.protobuf import json_format
from temporal_tdc import _values
from temporal_tdc._handle import parse_document
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.history.v1 import History
from temporalio.converter import JSONProtoPayloadConverter

CORPUS = Path(__file__).parent.parent / "history.json"
SIZES = (1024, 64 * 1024)
CONFIG = '{"version": 1, "converters": ["json-protobuf"]}'

Contest = tuple[str, str, int, Mapping[str, Callable[[], object]]]
"""Codec, operation, size, and what is called: tdc first."""


def history(size: int) -> History:
    """Repeat the corpus until the message has ``size`` bytes: event ids and times rise."""
    cycle = json_format.Parse(CORPUS.read_text(), History()).events
    message = History()
    while message.ByteSize() < size:
        done = len(message.events)
        event = message.events.add()
        event.CopyFrom(cycle[done % len(cycle)])
        event.event_id = done + 1
        event.event_time.seconds += done // len(cycle)
    return message


def contests(tdc: temporal_tdc.Tdc) -> list[Contest]:
    """Bytes to bytes by the one call of the boundary, and messages by the payload converter."""
    found: list[Contest] = []
    for size in SIZES:
        message = history(size)
        found += (*_by_boundary(message, size), *_by_converter(tdc, message, size))
    return found


def _by_boundary(message: History, size: int) -> list[Contest]:
    handle = parse_document(CONFIG, None, None)
    name = message.DESCRIPTOR.full_name.encode()
    wire = message.SerializeToString()
    value = Payloads(
        payloads=[
            Payload(metadata={"encoding": b"binary/protobuf", "messageType": name}, data=wire)
        ]
    ).SerializeToString()
    made = _values.to_payloads(handle, b"", value)
    text = Payloads.FromString(made).payloads[0].data
    if json_format.Parse(text, History()) != message:
        raise RuntimeError("tdc's JSON says something else")
    return [
        (
            "json-protobuf",
            "encode",
            size,
            {
                "tdc": lambda: _values.to_payloads(handle, b"", value),
                "json_format": lambda: json_format.MessageToJson(
                    History.FromString(wire), indent=None
                ),
            },
        ),
        (
            "json-protobuf",
            "decode",
            size,
            {
                "tdc": lambda: _values.from_payloads(handle, b"", made),
                "json_format": lambda: json_format.Parse(text, History()).SerializeToString(),
            },
        ),
    ]


def _by_converter(tdc: temporal_tdc.Tdc, message: History, size: int) -> list[Contest]:
    converter = tdc.data_converter.payload_converter
    sdk = JSONProtoPayloadConverter()
    payload = converter.to_payloads([message])[0]
    if converter.from_payloads([payload], [History]) != [message]:
        raise RuntimeError("tdc gives another message back")
    return [
        (
            "converter",
            "encode",
            size,
            {
                "tdc": lambda: converter.to_payloads([message]),
                "sdk": lambda: sdk.to_payload(message),
            },
        ),
        (
            "converter",
            "decode",
            size,
            {
                "tdc": lambda: converter.from_payloads([payload], [History]),
                "sdk": lambda: sdk.from_payload(payload, History),
            },
        ),
    ]
