"""Scratch memory: ready-made arguments and buffers for a call, used again and again.

Making ctypes objects costs more than encrypting a kilobyte, so ``Scratch`` keeps those of one call:
where the answer goes and where an error goes. It belongs to one call at a time; ``Handle`` lends
it.
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Callable
from typing import Any, Final, TypeVar

from temporal_tdc._abi import TdcCall, TdcPayload

_T = TypeVar("_T")

_KEPT_SIZE: Final = 16 * 1024
_KEPT_AREA: Final = 4 * 1024 * 1024


class BySize(dict[int, _T]):
    """What is made of a size, at its first use."""

    def __init__(self, make: Callable[[int], _T]) -> None:
        """Keep how it is made."""
        super().__init__()
        self.make = make

    def __missing__(self, size: int) -> _T:
        """Make it, and keep it if the size is a common one."""
        made = self.make(size)
        if size <= _KEPT_SIZE:
            self[size] = made
        return made


SIZES: Final[BySize[Any]] = BySize(ctypes.c_size_t.from_param)
"""Lengths as ready-made ``size_t`` arguments.

A plain ``int`` would travel as a C ``int``, which is not what the function reads.
"""


class Scratch:
    """What one call needs besides its input."""

    def __init__(self, capacity: int) -> None:
        """Allocate the fixed buffer; ``area`` grows when it is needed."""
        self.buffer: Any = (ctypes.c_char * capacity)()
        self.out = ctypes.byref(self.buffer)
        self.written = TdcPayload()
        self.written_out = ctypes.byref(self.written)
        self.owned = self.written.owned  # a view: it shows what the call writes
        self.error = ctypes.c_void_p()
        self.error_out = ctypes.byref(self.error)
        self.call = TdcCall()
        self.call_out = ctypes.byref(self.call)
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
        """Free memory that is too large to keep."""
        if len(self.area) > _KEPT_AREA:
            self.area = bytearray()
        if self.message.tell() > _KEPT_AREA:
            self.message = io.BytesIO()
