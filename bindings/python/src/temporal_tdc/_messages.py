"""Whole messages of Temporal's API, and exported histories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from google.protobuf.message import Message
from temporalio.converter import SerializationContext

from temporal_tdc._abi import MESSAGE_HEADERS
from temporal_tdc._codec import Codec
from temporal_tdc._stored import check_drivers

if TYPE_CHECKING:
    from temporalio.converter import StorageDriver

AnyMessage = TypeVar("AnyMessage", bound=Message)


class Messages:
    """The part of ``Tdc`` that takes messages and histories."""

    _codec: Codec

    async def encode_message(
        self,
        message: AnyMessage,
        *,
        context: SerializationContext | None = None,
        headers: bool = False,
    ) -> AnyMessage:
        """Encode every payload and failure inside a message of Temporal's API.

        Args:
            message: Any message of ``temporalio.api``; it is not changed.
            context: Where its payloads live, for configs with ``namespaces``.
            headers: Whether headers are encoded too. Search attributes never are.

        Returns:
            A message of the same class.

        Raises:
            TdcError: A payload cannot be encoded, or the type is not one of Temporal's.
        """
        return await self._message("tdc_message_encode", message, context, headers=headers)

    async def decode_message(
        self,
        message: AnyMessage,
        *,
        context: SerializationContext | None = None,
        headers: bool = False,
        storage_drivers: Sequence[StorageDriver] = (),
    ) -> AnyMessage:
        """Decode every payload and failure inside a message of Temporal's API.

        Args:
            message: Any message of ``temporalio.api``, such as ``History``; it is not changed.
            context: Where its payloads live, for configs with ``namespaces``.
            headers: Whether plain headers are refused where the config says ``required``; encoded
                ones are opened in any case.
            storage_drivers: Drivers of external storage: the payloads that they retrieve take the
                places of the references with their names, whichever SDK stored them. The config's
                ``storage`` says what may be followed. Without drivers references stay.

        Returns:
            A message of the same class.

        Raises:
            TdcError: A payload cannot be decoded or retrieved, or the type is none of Temporal's.
        """
        return await self._message(
            "tdc_message_decode", message, context, headers=headers, drivers=storage_drivers
        )

    async def decode_history(
        self,
        history: bytes,
        *,
        context: SerializationContext | None = None,
        storage_drivers: Sequence[StorageDriver] = (),
    ) -> bytes:
        """Decode an exported history, in the form it has.

        Args:
            history: JSON as ``temporal workflow show --output json`` and the Web UI's download give
                it, or an export of ``temporal.api.export.v1``, JSON or binary.
            context: Where its payloads live, for configs with ``namespaces``.
            storage_drivers: As for ``decode_message``.

        Returns:
            The same form with every payload and failure decoded; the SDK's replayer reads it.

        Raises:
            TdcError: It is not a history, or a payload cannot be decoded or retrieved.
        """
        drivers = check_drivers(storage_drivers)
        return await self._bound(context).call("tdc_history_decode", history, drivers=drivers)

    async def _message(
        self,
        function: str,
        message: AnyMessage,
        context: SerializationContext | None,
        *,
        headers: bool,
        drivers: Sequence[StorageDriver] = (),
    ) -> AnyMessage:
        name, flags = message.DESCRIPTOR.full_name.encode(), MESSAGE_HEADERS if headers else 0
        answer = await self._bound(context).call(
            function,
            message.SerializeToString(),
            name,
            len(name),
            flags,
            drivers=check_drivers(drivers),
        )
        return type(message).FromString(answer)

    def _bound(self, context: SerializationContext | None) -> Codec:
        return self._codec if context is None else self._codec.with_context(context)
