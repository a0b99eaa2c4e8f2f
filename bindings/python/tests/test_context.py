"""The serialization context: what is told to the library, and that it decides."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import temporalio.converter
from support import config, payload, run
from temporalio.converter import (
    ActivitySerializationContext,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

import temporal_tdc
from temporal_tdc import Code, Tdc
from temporal_tdc._context import encode_context

KNOWN = {field.name for field in dataclasses.fields(ActivitySerializationContext)}
FIELDS: dict[str, Any] = {
    "namespace": "orders-eu",
    "activity_id": "5",
    "activity_type": "charge",
    "activity_task_queue": "q",
    "workflow_id": "w" * 200,
    "workflow_type": "Order",
    "is_local": True,
}
# The oldest SDKs have no activity_id.
ACTIVITY = ActivitySerializationContext(**{k: v for k, v in FIELDS.items() if k in KNOWN})
NEXUS: Any = getattr(temporalio.converter, "NexusSerializationContext", None)
NAMESPACES: list[dict[str, object]] = [
    {"match": "orders-*", "codecs": ["encrypt"]},
    {"match": "plain", "codecs": []},
]


def in_context(tdc: Tdc, context: SerializationContext) -> bytes:
    """Encode one payload in a context and give its encoding; it must open there again."""
    codec = tdc.data_converter.with_context(context).payload_codec
    assert codec is not None
    (encoded,) = run(codec.encode([payload()]))
    assert run(codec.decode([encoded])) == [payload()]
    return encoded.metadata["encoding"]


def test_the_message_is_the_one_of_the_header() -> None:
    workflow = WorkflowSerializationContext(namespace="ns", workflow_id="id")
    assert encode_context(workflow).hex(" ") == "08 01 12 02 6e 73 1a 02 69 64"
    assert encode_context(ACTIVITY) == b"".join(
        (
            b"\x08\x02",
            b"\x12\x09orders-eu",
            b"\x1a\xc8\x01" + b"w" * 200,
            b"\x22\x05Order",
            b"\x2a\x015" if "activity_id" in KNOWN else b"",
            b"\x32\x06charge",
            b"\x3a\x01q",
            b"\x40\x01",
        )
    )


def test_the_namespace_of_the_context_decides(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(config(namespaces=NAMESPACES), namespace="plain")
    assert in_context(tdc, WorkflowSerializationContext("plain", "w")) == b"json/plain"
    assert in_context(tdc, WorkflowSerializationContext("orders-us", "w")) == b"binary/encrypted"
    assert in_context(tdc, ACTIVITY) == b"binary/encrypted"


@pytest.mark.skipif(NEXUS is None, reason="this SDK has no context of Nexus operations")
def test_a_nexus_operation_is_told_and_leaves_the_namespace_given_at_open(
    make_tdc: Callable[..., Tdc],
) -> None:
    context = NEXUS(endpoint="billing", service="Invoices", operation="create")
    fields = (b"\x08\x03", b"\x4a\x07billing", b"\x52\x08Invoices", b"\x5a\x06create")
    assert encode_context(context) == b"".join(fields)
    tdc = make_tdc(config(namespaces=NAMESPACES), namespace="orders-eu")
    assert in_context(tdc, context) == b"binary/encrypted"


class Elsewhere(SerializationContext):
    """A context of a kind that the library does not know: it names no namespace."""


def test_a_context_without_a_namespace_leaves_the_one_given_at_open(
    make_tdc: Callable[..., Tdc],
) -> None:
    tdc = make_tdc(config(namespaces=NAMESPACES), namespace="orders-eu")
    assert in_context(tdc, Elsewhere()) == b"binary/encrypted"


def test_a_namespace_that_no_rule_matches_is_an_error(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(config(namespaces=NAMESPACES))
    with pytest.raises(temporal_tdc.ConfigError) as caught:
        in_context(tdc, WorkflowSerializationContext("billing", "w"))
    assert caught.value.code == Code.ERR_NAMESPACE


def test_large_payloads_and_batches_know_the_context_too(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(config(namespaces=NAMESPACES), namespace="plain")
    codec = tdc.payload_codec
    assert isinstance(codec, WithSerializationContext)
    bound = codec.with_context(WorkflowSerializationContext("orders-us", "w"))
    for plain in ([payload(b"x" * 500_000)] * 2, [payload(), payload()]):
        for _ in range(2):
            encoded = run(bound.encode(plain))
            assert {item.metadata["encoding"] for item in encoded} == {b"binary/encrypted"}
            assert run(bound.decode(encoded)) == plain
            assert run(codec.encode(plain)) == plain
