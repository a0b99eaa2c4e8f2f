"""Values and payloads, by the converters: one serialised ``Payloads`` in, one out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from temporal_tdc._descriptors import provide_type
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
