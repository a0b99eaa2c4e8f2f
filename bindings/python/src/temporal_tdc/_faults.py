"""Turns a status and its error object into an exception."""

from __future__ import annotations

import ctypes

from temporal_tdc._codes import Code
from temporal_tdc._errors import TdcError, error_class
from temporal_tdc._request import Request


class PendingError(Exception):
    """The call can go on when the host has done something; never seen by users.

    Attributes:
        reload: The files should be read again.
        key_ids: The keys to be provided or rejected.
        type_name: The message type whose descriptor is to be provided, or nothing.
        request: What is to be sent to a codec server, or nothing.
        cause: What the error is when the host cannot help.
    """

    def __init__(
        self,
        cause: TdcError,
        *,
        reload: bool = False,
        key_ids: tuple[bytes, ...] = (),
        type_name: str = "",
        request: Request | None = None,
    ) -> None:
        """Keep what the library asked for."""
        super().__init__(str(cause))
        self.reload = reload
        self.key_ids = key_ids
        self.type_name = type_name
        self.request = request
        self.cause = cause


class TooSmallError(Exception):
    """The output buffer must have ``size`` bytes; never seen by users."""

    def __init__(self, size: int) -> None:
        """Keep the size the library named."""
        super().__init__(size)
        self.size = size


def fault(
    library: ctypes.CDLL, status: int, error: int | None, index: int = 0
) -> TdcError | PendingError | TooSmallError:
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
        cause = _error(library, status, _message(library, error), at)
        if status == Code.REMOTE_NEEDED:
            request, error = Request(library, error), None
            return PendingError(cause, request=request)
        return _pending(library, status, error, cause)
    finally:
        library.tdc_error_free(error)  # does nothing with what was taken over


def _pending(
    library: ctypes.CDLL, status: int, error: int, cause: TdcError
) -> TdcError | PendingError:
    if status == Code.KEY_NEEDED:
        count: int = library.tdc_error_key_count(error)
        key_ids = tuple(_key_id(library, error, i) for i in range(count))
        return PendingError(cause, key_ids=key_ids)
    if status == Code.RELOAD_NEEDED:
        return PendingError(cause, reload=True)
    if status == Code.TYPE_NEEDED:
        return PendingError(cause, type_name=_type_name(library, error))
    return cause


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


def _key_id(library: ctypes.CDLL, error: int, index: int) -> bytes:
    text, size = ctypes.c_void_p(), ctypes.c_size_t()
    library.tdc_error_key_id(error, index, ctypes.byref(text), ctypes.byref(size))
    return ctypes.string_at(text, size.value)


def _type_name(library: ctypes.CDLL, error: int) -> str:
    text, size = ctypes.c_void_p(), ctypes.c_size_t()
    library.tdc_error_type_name(error, ctypes.byref(text), ctypes.byref(size))
    return ctypes.string_at(text, size.value).decode(errors="replace")
