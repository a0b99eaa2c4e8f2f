"""Values and payloads, by the converters: one serialised ``Payloads`` in, one out."""

from __future__ import annotations

import ctypes
from typing import Any

from temporal_tdc._abi import Buffer
from temporal_tdc._codes import Code
from temporal_tdc._handle import Handle


def to_payloads(handle: Handle, context: bytes, values: bytes) -> bytes:
    """Make payloads of values in their raw forms."""
    return _call(handle, handle.library.held.tdc_converter_to_payload, context, values)


def from_payloads(handle: Handle, context: bytes, payloads: bytes) -> bytes:
    """Give the values of payloads back, in their raw forms."""
    return _call(handle, handle.library.held.tdc_converter_from_payload, context, payloads)


def _call(handle: Handle, function: Any, context: bytes, message: bytes) -> bytes:
    out = Buffer()
    with handle.borrowed() as frame:
        status = function(
            handle.argument,
            context,
            len(context),
            message,
            len(message),
            ctypes.byref(out),
            frame.error_out,
        )
        if status != Code.OK:
            handle.fail(status, frame)
    try:
        return ctypes.string_at(out.data or 0, out.len) if out.len else b""
    finally:
        handle.library.held.tdc_buffer_free(ctypes.byref(out))
