"""The requests of a call to the host: ``tdc_call`` and the messages of ``proto/tdc/host.proto``.

These are read and written by hand: a generated module would be longer, and would have to fit the
protobuf runtime of the program.
"""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import enum
import inspect
from collections.abc import Awaitable, Callable, Container, Coroutine, Hashable
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

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
    WRAP = 6
    UNWRAP = 7
    KEY_SERVICE_FAILURE = 8
    """Only in answers to ``WRAP`` and ``UNWRAP``."""
    UNKNOWN = 9
    """Only in answers: the host has no such key, type or store."""
    OBJECT_FAILURE = 11
    """Only in answers to ``OBJECT``."""
    RETRIEVED = 12
    """Only in answers to ``OBJECT``: the payload that a storage driver gave."""


OBJECT: Final = 8
"""A request for a stored object; as an answer, this number is ``Kind.KEY_SERVICE_FAILURE``."""


class Request(NamedTuple):
    """A request of the library."""

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
        """Free the memory of the call, if it asked for something."""
        if self.memory:
            self._library.tdc_call_end(ctypes.byref(self))

    def follow(self) -> None:
        """Have it follow references to stored objects when it decodes."""
        self._library.tdc_call_follow(ctypes.byref(self))

    def message(self) -> tuple[int, int]:
        """Give address and length of what is asked: the call's own memory, until its next use."""
        message, size = ctypes.c_void_p(), ctypes.c_size_t()
        self._library.tdc_call_requests(
            ctypes.byref(self), ctypes.byref(message), ctypes.byref(size)
        )
        return message.value or 0, size.value

    def requests(self, without: Container[int] = ()) -> list[Request]:
        """Copy what is asked, but for the contents of the kinds ``without``: these hold secrets."""
        address, size = self.message()
        if not size:
            return []
        message = memoryview((ctypes.c_char * size).from_address(address)).cast("B")
        return [_request(item, without) for _, item in fields(message)]


def _request(message: memoryview, without: Container[int]) -> Request:
    number, kind, contents = 0, 0, b""
    for field, value in fields(message):
        if isinstance(value, int):
            number = value
        else:
            kind, contents = field, b"" if field in without else bytes(value)
    return Request(number, kind, contents)


def is_coroutine_function(function: object) -> bool:
    """Whether it is one, or an object that is called as one."""
    call = getattr(function, "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


async def ask_user(
    function: Callable[..., _T | Awaitable[_T]], *arguments: object, threads: Executor | None = None
) -> _T:
    """Call a user's function: a coroutine function here, any other in a thread: it may block."""
    if is_coroutine_function(function):
        answer: Any = function(*arguments)
    else:
        work = partial(contextvars.copy_context().run, function, *arguments)
        answer = await asyncio.get_running_loop().run_in_executor(threads, work)
    given: _T = await answer if inspect.isawaitable(answer) else answer
    return given


class Flights:
    """Requests in flight: callers in one event loop that ask for the same share the answer.

    A question belongs to none of those who wait for it, so it goes on when one of them is
    cancelled.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._asking: dict[tuple[object, Hashable], asyncio.Task[Any]] = {}

    async def ask(self, name: Hashable, ask: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Wait for the request of this name, or send it."""
        loop = asyncio.get_running_loop()
        place = (loop, name)
        task = self._asking.get(place)
        if task is None:
            task = self._asking[place] = loop.create_task(ask())
            task.add_done_callback(lambda _: self._asking.pop(place, None))
        answer: _T = await asyncio.shield(task)
        return answer
