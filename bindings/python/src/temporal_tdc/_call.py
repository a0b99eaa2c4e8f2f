"""A call that may have to be made again: ``tdc_call``, and what it asks of the host.

Requests and answers are the messages of ``proto/tdc/host.proto``, read and written by hand:
a generated module would be longer, and would have to fit the protobuf runtime of the program.
"""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from temporal_tdc._abi import CALL_FIELDS
from temporal_tdc._wire import varint

_VARINT: Final = 0
_BYTES: Final = 2


class RequestsError(Exception):
    """The call asks for something; it is made again with the answers. Never seen by users."""


class Kind(enum.IntEnum):
    """The kinds of requests, which share their numbers with the answers."""

    KEY = 2
    RELOAD = 3
    DESCRIPTOR = 4
    HTTP = 5
    UNKNOWN = 9
    """An answer only: there is no such key or type."""


class Request(NamedTuple):
    """One thing that the library asks for."""

    id: int
    kind: int
    message: bytes

    @property
    def text(self) -> str:
        """The id of a key, or the full name of a message type."""
        return next((text.decode(errors="replace") for _, text in fields(self.message)), "")


class Call(ctypes.Structure):
    """What a call has used of the limits, what it asks for and what was answered.

    It ends with the last reference to it: a thread may still be inside a call whose coroutine was
    cancelled.
    """

    _fields_ = CALL_FIELDS

    memory: int | None

    def __init__(self, library: Any) -> None:
        """Make one that was not tried; ``library`` ends it."""
        super().__init__()
        self._library = library

    def __del__(self) -> None:
        """Give back the memory that the call has if it asked for something."""
        if self.memory:
            self._library.tdc_call_end(ctypes.byref(self))

    def requests(self) -> list[Request]:
        """Copy what the last try asks for."""
        message, size = ctypes.c_void_p(), ctypes.c_size_t()
        self._library.tdc_call_requests(
            ctypes.byref(self), ctypes.byref(message), ctypes.byref(size)
        )
        return [_request(item) for _, item in fields(ctypes.string_at(message, size.value))]


def _request(message: bytes) -> Request:
    number, kind, contents = 0, 0, b""
    for field, value in fields(message):
        if isinstance(value, int):
            number = value
        else:
            kind, contents = field, value
    return Request(number, kind, contents)


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Take a message of the library apart: numbers of fields, each with an int or bytes."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        value, at = _read_varint(message, at)
        if tag & 7 == _VARINT:
            yield tag >> 3, value
        else:
            yield tag >> 3, message[at : at + value]
            at += value


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004
            return value, at
        shift += 7


def bytes_field(number: int, value: bytes) -> bytes:
    """Encode a field of bytes."""
    return varint(number << 3 | _BYTES) + varint(len(value)) + value


def int_field(number: int, value: int) -> bytes:
    """Encode a field with a number."""
    return varint(number << 3 | _VARINT) + varint(value)


def answer(request: Request, kind: Kind, value: bytes = b"") -> bytes:
    """Encode the answer to a request, as a part of ``Answers``."""
    return bytes_field(1, int_field(1, request.id) + bytes_field(kind, value))
