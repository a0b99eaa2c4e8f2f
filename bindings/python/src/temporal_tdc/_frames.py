"""Ready-made arguments and buffers for a call, used again and again.

Making ctypes objects costs more than sealing a kilobyte, so a ``Frame`` keeps those of one call:
where the answer goes, how long it may be, and where an error goes. A frame belongs to one call at a
time; ``Handle`` lends it.
"""

from __future__ import annotations

import ctypes
import io
from typing import Any, Final

from temporal_tdc._abi import Written

SMALL: Final = 72 * 1024
"""Inputs up to here are answered into the frame's fixed buffer."""

_KEPT_SIZE: Final = 16 * 1024
_HEADROOM: Final = 4 * 1024
_KEPT_AREA: Final = 4 * 1024 * 1024

CAPACITY: Final[Any] = ctypes.c_size_t.from_param(SMALL + _HEADROOM)
ZERO: Final[Any] = ctypes.c_size_t.from_param(0)


class Sizes(dict[int, Any]):
    """Lengths as ready-made ``size_t`` arguments, made at first use.

    A plain ``int`` would travel as a C ``int``, which is not what the function reads.
    """

    def __missing__(self, size: int) -> Any:
        """Make the argument for ``size``, and keep it if the size is a common one."""
        argument = ctypes.c_size_t.from_param(size)
        if size <= _KEPT_SIZE:
            self[size] = argument
        return argument


SIZES: Final = Sizes()
"""The ones that were needed so far."""


class Frame:
    """What one call needs besides its input."""

    __slots__ = ("area", "buffer", "error", "error_out", "message", "out", "written", "written_out")

    def __init__(self) -> None:
        """Allocate the fixed buffer; ``area`` grows when it is needed."""
        self.buffer: Any = (ctypes.c_char * (SMALL + _HEADROOM))()
        self.out = ctypes.byref(self.buffer)
        self.written = Written()
        self.written_out = ctypes.byref(self.written)
        self.error = ctypes.c_void_p()
        self.error_out = ctypes.byref(self.error)
        self.area = bytearray()
        self.message = io.BytesIO()

    def sized_area(self, size: int) -> bytearray:
        """Give the growing buffer with exactly ``size`` bytes, whatever they hold.

        Sizes in a row are mostly alike, so this cuts or adds a few bytes instead of allocating and
        clearing megabytes for each call.
        """
        missing = size - len(self.area)
        if missing > 0:
            self.area.extend(bytes(missing))
        else:
            del self.area[size:]
        return self.area

    def trim(self) -> None:
        """Give back what is too large to keep."""
        if len(self.area) > _KEPT_AREA:
            self.area = bytearray()
        if self.message.tell() > _KEPT_AREA:
            self.message = io.BytesIO()
