"""Encode and decode lists of payloads: by the extension module, or by one call through ctypes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload, Payloads

from temporal_tdc._errors import invalid_payload
from temporal_tdc._handle import Handle
from temporal_tdc._native_call import Native, native_operation


class Operation:
    """Encode or decode on one handle, in one serialization context.

    Attributes:
        native: The extension module's part, where there is one: it makes the calls that succeed.
    """

    def __init__(self, handle: Handle, verb: str) -> None:
        """``verb`` is ``encode`` or ``decode``."""
        self.handle = handle
        self.context = b""
        self.native: Native | None = native_operation(handle.library, handle.pointer, verb)
        self._function = f"tdc_codec_{verb}"
        if self.native is not None:
            handle.natives.append(self.native)

    def run_in_thread(self, payloads: Sequence[Payload]) -> list[Payload] | None:
        """Make a long call by the extension module; ``None`` where that cannot do it."""
        if self.native is None:
            return None
        with self.handle.borrowed():
            return self.native.run(payloads, self.context, True) or None  # noqa: FBT003

    def call(self, message: bytes, *, state: Any, release: bool) -> list[Payload]:
        """Encode or decode a serialised ``Payloads``; the rest is as for ``Handle.call``."""
        answer = self.handle.call(
            self._function, self.context, message, state=state, release=release
        )
        try:
            return list(Payloads.FromString(answer).payloads)
        except DecodeError as error:
            raise invalid_payload() from error

    def within(self, context: bytes) -> Operation:
        """Give the same in the place that the encoded context names."""
        bound = copy.copy(self)
        bound.context = context
        return bound
