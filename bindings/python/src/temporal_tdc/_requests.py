"""What a call asks of the host: ``tdc_call`` and the messages of ``proto/tdc/host.proto``.

These are read and written by hand: a generated module would be longer, and would have to fit the
protobuf runtime of the program.
"""

from __future__ import annotations

import asyncio
import ctypes
import enum
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from temporal_tdc._abi import TdcCall
from temporal_tdc._wire import bytes_field, fields, int_field

_T = TypeVar("_T")


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

    def answer(self, kind: Kind, value: bytes = b"") -> bytes:
        """Encode the answer, as a part of ``Answers``."""
        return bytes_field(1, int_field(1, self.id) + bytes_field(kind, value))


class Call(TdcCall):
    """What a call has used of the limits, what it asks for and what was answered.

    It ends with the last reference to it: a thread may still be inside a call whose coroutine was
    cancelled.
    """

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


async def ask_user(function: Callable[[str], _T | Awaitable[_T]], argument: str) -> _T:
    """Call a user's function: a coroutine function here, any other in a thread: it may block."""
    call = getattr(function, "__call__", None)  # noqa: B004
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call):
        answer: Any = function(argument)
    else:
        answer = await asyncio.to_thread(function, argument)
    given: _T = await answer if inspect.isawaitable(answer) else answer
    return given
