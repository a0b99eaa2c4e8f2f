"""The payload codec: Temporal's interface on one side, the library's calls on the other."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.converter import PayloadCodec, SerializationContext, WithSerializationContext
from typing_extensions import Self

from temporal_tdc._context import encode_context
from temporal_tdc._errors import TdcError
from temporal_tdc._host import Host
from temporal_tdc._operation import Operation
from temporal_tdc._requests import Call, RequestsError
from temporal_tdc._workflow import rejection

if TYPE_CHECKING:
    from temporalio.converter import StorageDriver

_IN_THE_LOOP: Final = 16 * 1024
"""Longer failures, messages and histories go to a thread: their cost is unknown."""

_PAYLOADS_IN_THE_LOOP: Final = 256 * 1024
"""Longer lists go to a thread: at 20 ns a byte, as zlib takes, this is 5 ms, the time that Python
lets one thread hold the GIL."""


class Codec(PayloadCodec, WithSerializationContext):
    """``tdc`` as a ``temporalio.converter.PayloadCodec``.

    It may be used by any number of event loops and threads at once, and after a ``fork``.
    """

    def __init__(
        self, encoding: Operation, decoding: Operation, host: Host, *, sdk_errors: bool
    ) -> None:
        """Join both operations; users take ``Tdc.payload_codec``."""
        self._encoding = encoding
        self._decoding = decoding
        self._host = host
        self._sdk_errors = sdk_errors

    def with_context(self, context: SerializationContext) -> Self:
        """Return this codec for a serialization context."""
        place = encode_context(context)
        encoding, decoding = self._encoding.within(place), self._decoding.within(place)
        return type(self)(encoding, decoding, self._host, sdk_errors=self._sdk_errors)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encode payloads as the config says; the given ones are not changed.

        Args:
            payloads: What to encode.

        Returns:
            As many payloads, in the same order. One that the config leaves alone may be the given
            object itself.

        Raises:
            TdcError: A payload cannot be encoded; nothing is returned then.
        """
        operation = self._encoding
        if (native := operation.native) is not None:
            done = native.run(payloads, operation.context, False)  # noqa: FBT003
            return done or await self._run(operation, payloads, done)
        return await self._run(operation, payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decode payloads, whatever chain encoded them; the given ones are not changed.

        Args:
            payloads: What to decode. Encodings that are not the library's are left alone.

        Returns:
            As many payloads, in the same order.

        Raises:
            TdcError: A payload cannot be decoded; nothing is returned then. A workflow task gets
                the error of a signal, an update or a query as a payload, see ``_workflow``.
        """
        try:
            operation = self._decoding
            if (native := operation.native) is not None:
                done = native.run(payloads, operation.context, False)  # noqa: FBT003
                return done or await self._run(operation, payloads, done)
            return await self._run(operation, payloads)
        except TdcError as error:
            rejected = None if self._sdk_errors else rejection(payloads, error)
            if rejected is None:
                raise
            return rejected

    async def encode_failure(self, failure: Failure) -> None:
        """Encode a failure and its causes in place, as the config's ``failures`` say.

        Raises:
            TdcError: A part cannot be encoded; the failure is not changed then.
        """
        encoded = await self.call("tdc_failure_encode", failure.SerializeToString())
        failure.CopyFrom(Failure.FromString(encoded))

    async def decode_failure(self, failure: Failure) -> None:
        """Decode a failure and its causes in place; encoded attributes are restored and cleared.

        Raises:
            TdcError: A part cannot be decoded; the failure is not changed then.
        """
        decoded = await self.call("tdc_failure_decode", failure.SerializeToString())
        failure.CopyFrom(Failure.FromString(decoded))

    async def call(
        self,
        function: str,
        message: bytes,
        *middle: bytes | int,
        drivers: Sequence[StorageDriver] = (),
    ) -> bytes:
        """Call a function on a whole failure, message or history, in this codec's context."""
        operation = self._encoding
        work = partial(operation.handle.call, function, operation.context, message, *middle)
        fits = len(message) <= _IN_THE_LOOP
        return await self._host.run(work, drivers, fits_the_loop=fits)

    def call_in_this_thread(
        self, function: str, message: bytes, *middle: bytes | int
    ) -> bytes | None:
        """Make the same call and wait; ``None`` if it asks the host for something, as ``call`` may.

        For programs that work through histories in bulk, without an event loop.
        """
        operation = self._encoding
        handle = operation.handle
        call = Call(handle.library.held)
        state = ctypes.byref(call)
        try:
            answer = handle.call(
                function, operation.context, message, *middle, state=state, release=True
            )
        except RequestsError:
            return None
        if call.pending:
            self._host.renew(call)
        return answer

    async def _run(
        self,
        operation: Operation,
        payloads: Sequence[Payload],
        quick: list[Payload] | Literal[False] | None = None,
    ) -> list[Payload]:
        """Make the call that the quick way left, for the reason that ``quick`` says."""
        if quick is False:
            in_thread = await asyncio.to_thread(partial(operation.run_in_thread, payloads))
            if in_thread:
                return in_thread
        # One call on the whole list: a codec server is asked once for it.
        message = Payloads(payloads=payloads).SerializeToString()
        # The extension module knows what a byte costs here: what it found too long is.
        fits = quick is not False and len(message) <= _PAYLOADS_IN_THE_LOOP
        made = await self._host.run(partial(operation.call, message), fits_the_loop=fits)
        return [old if old == new else new for old, new in zip(payloads, made, strict=True)]
