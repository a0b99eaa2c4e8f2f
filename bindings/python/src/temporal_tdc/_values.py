"""Values and payloads, by the converters: one serialised ``Payloads`` in, one out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from temporalio.api.common.v1 import Payload, Payloads

from temporal_tdc._descriptors import provide_type
from temporal_tdc._errors import TdcError
from temporal_tdc._faults import PendingError
from temporal_tdc._handle import Handle
from temporal_tdc._whole import call

Files: TypeAlias = Mapping[str, Any]
"""The ``FileDescriptor`` of message types by name; protobuf has more than one such class."""


def to_payloads(handle: Handle, context: bytes, values: bytes, files: Files | None = None) -> bytes:
    """Make payloads of values in their raw forms; ``files`` are those of message types."""
    return _call(handle, "tdc_converter_to_payload", context, values, files)


def from_payloads(
    handle: Handle, context: bytes, payloads: bytes, files: Files | None = None
) -> bytes:
    """Give the values of payloads back, in their raw forms."""
    return _call(handle, "tdc_converter_from_payload", context, payloads, files)


def uses_the_defaults(handle: Handle) -> bool:
    """Say whether the config's converters do what the SDK's default converter does.

    The library is asked by example, which holds for any config that means the same. Where it cannot
    answer, because only a context will name the namespace, the config's own converters are right.
    """
    message_type = b"google.protobuf.Empty"
    raw = [
        Payload(metadata={"encoding": b"binary/null"}),
        Payload(metadata={"encoding": b"binary/plain"}, data=b"\0"),
        Payload(metadata={"encoding": b"json/plain"}, data=b'{"b":1.0, "a":2}'),
        Payload(metadata={"encoding": b"binary/protobuf", "messageType": message_type}),
    ]
    json_protobuf = {"encoding": b"json/protobuf", "messageType": message_type}
    unknown_field = Payload(metadata=json_protobuf, data=b'{"x":1}')
    try:
        made = to_payloads(handle, b"", Payloads(payloads=raw).SerializeToString())
    except TdcError:
        return False
    expected = [*raw[:3], Payload(metadata=json_protobuf, data=b"{}")]
    if list(Payloads.FromString(made).payloads) != expected:
        return False
    try:
        from_payloads(handle, b"", Payloads(payloads=[unknown_field]).SerializeToString())
    except TdcError:
        return True
    return False


def _call(
    handle: Handle,
    function: str,
    context: bytes,
    message: bytes,
    files: Files | None,
) -> bytes:
    asked: set[str] = set()
    while True:
        try:
            return call(handle, handle.library.held, function, context, message)
        except PendingError as pending:
            # Each type is asked for once; a second time would be for ever.
            if not pending.type_name or pending.type_name in asked:
                raise pending.cause from None
            asked.add(pending.type_name)
            provide_type(handle, pending, (files or {}).get(pending.type_name))
