"""Turns a status and its error object into an exception."""

from __future__ import annotations

import ctypes

from temporal_tdc._codes import Code
from temporal_tdc._errors import TdcError, error_class


class TooSmallError(Exception):
    """The output buffer must have ``size`` bytes; never seen by users."""

    def __init__(self, size: int) -> None:
        """Keep the size the library named."""
        super().__init__(size)
        self.size = size


def fault(
    library: ctypes.CDLL, status: int, error: int | None, index: int = 0
) -> TdcError | TooSmallError:
    """Read and free the error object.

    Args:
        library: Whose function failed.
        status: What it returned.
        error: The error object's address, if there is one.
        index: Where the call's first payload stands in the user's list.

    Returns:
        The exception to raise.
    """
    if error is None:
        return _error(library, status, "the library gave no details", None)
    try:
        if status == Code.ERR_BUFFER_TOO_SMALL:
            return TooSmallError(library.tdc_error_size_needed(error))
        in_call: int = library.tdc_error_payload_index(error)
        at = None if in_call < 0 else index + in_call
        return _error(library, status, _message(library, error), at)
    finally:
        library.tdc_error_free(error)


def _error(library: ctypes.CDLL, status: int, message: str, index: int | None) -> TdcError:
    name: bytes = library.tdc_status_name(status)
    return error_class(status)(
        message,
        code=status,
        name=name.decode(),
        payload_index=index,
        transient=bool(library.tdc_status_is_transient(status)),
    )


def _message(library: ctypes.CDLL, error: int) -> str:
    text, size = ctypes.c_void_p(), ctypes.c_size_t()
    library.tdc_error_message(error, ctypes.byref(text), ctypes.byref(size))
    return ctypes.string_at(text, size.value).decode(errors="replace")
