"""The request to a codec server that an error of the library carries."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any


class Request:
    """What is to be sent; it owns the native error object, which the answer is handed in with.

    Attributes:
        error: The address of the native error object.
    """

    def __init__(self, library: ctypes.CDLL, error: int) -> None:
        """Take over ``error``, which the library made for ``TDC_REMOTE_NEEDED``."""
        self._library = library
        self.error = error
        free = weakref.finalize(self, library.tdc_error_free, error)
        free.atexit = False

    @property
    def url(self) -> str:
        """Where it goes."""
        return self._bytes(self._library.tdc_error_request_url).decode()

    @property
    def headers(self) -> dict[str, str]:
        """Its headers; values can be credentials."""
        count: int = self._library.tdc_error_request_header_count(self.error)
        return dict(self._header(index) for index in range(count))

    @property
    def body(self) -> bytes:
        """Its body, which holds payloads."""
        return self._bytes(self._library.tdc_error_request_body)

    @property
    def timeout(self) -> float:
        """How many seconds the server has."""
        milliseconds: int = self._library.tdc_error_request_timeout_ms(self.error)
        return milliseconds / 1000

    @property
    def max_response(self) -> int:
        """How many bytes an answer may have."""
        size: int = self._library.tdc_error_request_max_response(self.error)
        return size

    def _bytes(self, getter: Any) -> bytes:
        text, size = ctypes.c_void_p(), ctypes.c_size_t()
        getter(self.error, ctypes.byref(text), ctypes.byref(size))
        return ctypes.string_at(text, size.value)

    def _header(self, index: int) -> tuple[str, str]:
        name, value = ctypes.c_void_p(), ctypes.c_void_p()
        name_size, value_size = ctypes.c_size_t(), ctypes.c_size_t()
        self._library.tdc_error_request_header(
            self.error, index, *map(ctypes.byref, (name, name_size, value, value_size))
        )
        return (
            ctypes.string_at(name, name_size.value).decode(),
            ctypes.string_at(value, value_size.value).decode(),
        )
