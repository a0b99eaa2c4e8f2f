"""The calls on whole failures, messages and histories: serialised bytes in and out."""

from __future__ import annotations

import asyncio
import ctypes
from functools import partial
from typing import Any, Final, Literal, TypeAlias

from temporal_tdc._abi import MESSAGE_HEADERS, Buffer
from temporal_tdc._call import Call, RequestsError
from temporal_tdc._codes import Code
from temporal_tdc._handle import Handle
from temporal_tdc._host import Host

Verb: TypeAlias = Literal["encode", "decode"]

_IN_THE_LOOP: Final = 16 * 1024
"""What is longer goes to a thread: unlike in the codec, nobody knows what is inside."""


class Whole:
    """The calls on one handle in one serialization context."""

    def __init__(self, handle: Handle, host: Host, context: bytes) -> None:
        """Keep who is called, who answers its questions, and the encoded context."""
        self._handle = handle
        self._host = host
        self._context = context

    async def failure(self, verb: Verb, failure: bytes) -> bytes:
        """Encode or decode a ``Failure`` and its causes."""
        return await self._call(f"tdc_failure_{verb}", failure)

    async def message(self, verb: Verb, name: str, message: bytes, *, headers: bool) -> bytes:
        """Encode or decode a message of Temporal's API by its full name."""
        flags = MESSAGE_HEADERS if headers else 0
        text = name.encode()
        return await self._call(f"tdc_message_{verb}", message, text, len(text), flags)

    async def history(self, history: bytes) -> bytes:
        """Decode an exported history."""
        return await self._call("tdc_history_decode", history)

    async def _call(self, function: str, message: bytes, *middle: bytes | int) -> bytes:
        library = self._handle.library
        state = Call(library.held)
        work = partial(call, self._handle, function=function, state=state, context=self._context)
        while True:
            try:
                if len(message) <= _IN_THE_LOOP:
                    return work(library.held, message=message, middle=middle)
                return await asyncio.to_thread(
                    work, library.released, message=message, middle=middle
                )
            except RequestsError:
                await self._host.settle(state)


def call(  # noqa: PLR0913
    handle: Handle,
    door: Any,
    *,
    function: str,
    state: Call | None,
    context: bytes,
    message: bytes,
    middle: tuple[bytes | int, ...] = (),
) -> bytes:
    """Make one call of the many-shape.

    Args:
        handle: Whose converter is called.
        door: The library with the GIL held or released.
        function: The name of the function.
        state: The call that this is a try of; without one it can ask for nothing.
        context: The encoded serialization context.
        message: The serialised message.
        middle: The arguments between context and message.

    Returns:
        The answer, copied and freed.
    """
    out = Buffer()
    with handle.borrowed() as frame:
        status = getattr(door, function)(
            handle.argument,
            None if state is None else ctypes.byref(state),
            context,
            len(context),
            *middle,
            message,
            len(message),
            ctypes.byref(out),
            frame.error_out,
        )
        if status != Code.OK:
            handle.fail(status, frame)
    try:
        return ctypes.string_at(out.data or 0, out.len) if out.len else b""
    finally:
        handle.library.held.tdc_buffer_free(ctypes.byref(out))
