"""Values and payloads, by the converters: one serialised ``Payloads`` in, one out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from temporal_tdc._call import Call, RequestsError
from temporal_tdc._descriptors import describe
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
    state = Call(handle.library.held)
    while True:
        try:
            return call(
                handle,
                handle.library.held,
                function=function,
                state=state,
                context=context,
                message=message,
            )
        except RequestsError:
            asked = state.requests()
            answers = [describe(request, (files or {}).get(request.text)) for request in asked]
            handle.answer(state, b"".join(answers))
