"""The payload codec: Temporal's interface on one side, the library's calls on the other."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Sequence
from functools import partial
from typing import Final

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import PayloadCodec, SerializationContext, WithSerializationContext
from typing_extensions import Self

from temporal_tdc._bulk import SingleCall, call_all, call_together
from temporal_tdc._call import Call, RequestsError
from temporal_tdc._direction import Direction
from temporal_tdc._errors import TdcError
from temporal_tdc._host import Host
from temporal_tdc._refusal import refusal
from temporal_tdc._single import single_call
from temporal_tdc._whole import Whole
from temporal_tdc._wire import encode_context

_IN_THE_LOOP: Final = 16 * 1024
"""With a codec server longer lists go to a thread: JSON is made and read there as well."""


class Codec(PayloadCodec, WithSerializationContext):
    """``tdc`` as a ``temporalio.converter.PayloadCodec``.

    It may be used by any number of event loops and threads at once, and after a ``fork``.
    """

    def __init__(
        self,
        encoding: Direction,
        decoding: Direction,
        host: Host,
        context: bytes = b"",
        *,
        sdk_errors: bool = False,
    ) -> None:
        """Bind both directions to a serialization context; users take ``Tdc.payload_codec``."""
        self._encoding = encoding
        self._decoding = decoding
        self._host = host
        self._context = context
        self._sdk_errors = sdk_errors
        self._encode_one = single_call(encoding, context)
        self._decode_one = single_call(decoding, context)

    @property
    def whole(self) -> Whole:
        """The calls on whole failures, messages and histories, in this codec's context."""
        return Whole(self._encoding.handle, self._host, self._context)

    def with_context(self, context: SerializationContext) -> Self:
        """Give this codec for the place where the payloads live."""
        return type(self)(
            self._encoding,
            self._decoding,
            self._host,
            encode_context(context),
            sdk_errors=self._sdk_errors,
        )

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
        if len(payloads) == 1:
            encoded = self._encode_one(payloads[0], 0, None)
            if encoded is not None:
                return [encoded]
        return await self._run(self._encoding, self._encode_one, payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decode payloads, whatever chain encoded them; the given ones are not changed.

        Args:
            payloads: What to decode. Encodings that are not the library's are left alone.

        Returns:
            As many payloads, in the same order.

        Raises:
            TdcError: A payload cannot be decoded; nothing is returned then. A workflow task gets
                the error of a signal, an update or a query as a payload, see ``_refusal``.
        """
        try:
            if len(payloads) == 1:
                decoded = self._decode_one(payloads[0], 0, None)
                if decoded is not None:
                    return [decoded]
            return await self._run(self._decoding, self._decode_one, payloads)
        except TdcError as error:
            refused = None if self._sdk_errors else refusal(payloads, error)
            if refused is None:
                raise
            return refused

    async def encode_failure(self, failure: Failure) -> None:
        """Encode a failure and its causes in place, as the config's ``failures`` say.

        Raises:
            TdcError: A part cannot be encoded; the failure is not changed then.
        """
        encoded = await self.whole.failure("encode", failure.SerializeToString())
        failure.CopyFrom(Failure.FromString(encoded))

    async def decode_failure(self, failure: Failure) -> None:
        """Decode a failure and its causes in place; encoded attributes are restored and cleared.

        Raises:
            TdcError: A part cannot be decoded; the failure is not changed then.
        """
        decoded = await self.whole.failure("decode", failure.SerializeToString())
        failure.CopyFrom(Failure.FromString(decoded))

    async def _run(
        self, direction: Direction, single: SingleCall, payloads: Sequence[Payload]
    ) -> list[Payload]:
        """Do the work here or in a thread, until the library has all that it asks for."""
        if direction.handle.has_remote:
            return await self._run_together(direction, payloads)
        done: list[Payload] = []
        call = Call(direction.handle.library.held)
        state = ctypes.byref(call)
        while (rest := len(payloads) - len(done)) > 0:
            work = partial(call_all, direction, self._context, single, payloads, done, state=state)
            try:
                if direction.fits_the_loop(rest):
                    work(release=False)
                else:
                    await asyncio.to_thread(work, release=True)
            except RequestsError:
                await self._host.settle(call)
        return done

    async def _run_together(
        self, direction: Direction, payloads: Sequence[Payload]
    ) -> list[Payload]:
        """Do the same by calls on the whole list, so that a codec server is asked once for it."""
        items = list(map(Payload.SerializeToString, payloads))
        size = sum(map(len, items))
        call = Call(direction.handle.library.held)
        work = partial(call_together, direction, self._context, items, state=ctypes.byref(call))
        while True:
            try:
                if size <= _IN_THE_LOOP:
                    return work(release=False)
                return await asyncio.to_thread(work, release=True)
            except RequestsError:
                await self._host.settle(call)
