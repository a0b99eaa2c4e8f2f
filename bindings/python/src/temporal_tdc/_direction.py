"""Encode or decode: what all their calls on one handle have in common."""

from __future__ import annotations

import ctypes
from typing import Any

from temporal_tdc._abi import OWNED_OFFSET, Buffer
from temporal_tdc._codes import Code
from temporal_tdc._errors import InputError
from temporal_tdc._frames import Frame
from temporal_tdc._handle import Handle
from temporal_tdc._pace import Pace


class Direction:
    """The functions of one direction and what was learnt about its calls.

    Attributes:
        handle: Whose converter is called.
        note: Learns how long a call took, see ``Pace``.
        size: The (mean) size of the payloads before: sizes in a row are mostly alike.
        headroom: By how much an answer may be longer than its input.
    """

    def __init__(self, handle: Handle, verb: str) -> None:
        """Look the functions up; ``verb`` is ``encode`` or ``decode``."""
        held, released = handle.library.held, handle.library.released
        self.handle = handle
        self._pace = Pace()
        self.note = self._pace.note
        self.size = 0
        self.headroom = 512
        self.one_held: Any = getattr(held, f"tdc_codec_{verb}_payload")
        self.one_released: Any = getattr(released, f"tdc_codec_{verb}_payload")
        self.many_held: Any = getattr(held, f"tdc_codec_{verb}")
        self.many_released: Any = getattr(released, f"tdc_codec_{verb}")

    def fits_the_loop(self, count: int) -> bool:
        """Say whether ``count`` more payloads like the last one can be done in the event loop."""
        return self._pace.fits_the_loop(self.size * count, count)

    def take_owned(self, frame: Frame) -> bytes:
        """Copy and free the answer that did not fit the frame's buffer."""
        written = frame.written
        answer = self.take(Buffer.from_buffer(written, OWNED_OFFSET))
        written.owned_data = None
        return answer

    def take(self, buffer: Buffer) -> bytes:
        """Copy and free an answer that the library owns."""
        try:
            return ctypes.string_at(buffer.data or 0, buffer.len) if buffer.len else b""
        finally:
            self.handle.library.held.tdc_buffer_free(ctypes.byref(buffer))


def not_protobuf(index: int | None) -> InputError:
    """Say that protobuf refused an answer that the library had let through."""
    return InputError(
        "the contents are not a valid Payload", code=Code.ERR_PROTOBUF, payload_index=index
    )
