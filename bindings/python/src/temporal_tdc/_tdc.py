"""The object that users hold, and the two ways to open one."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TypeVar

from google.protobuf.message import Message
from temporalio.converter import (
    DataConverter,
    DefaultPayloadConverter,
    FailureConverter,
    PayloadCodec,
    PayloadConverter,
    SerializationContext,
)
from typing_extensions import Self

from temporal_tdc._abi import FLAG_CONVERTERS, FLAG_ENCODE_COMMON_ATTRIBUTES
from temporal_tdc._codec import Codec
from temporal_tdc._converter import payload_converter_class
from temporal_tdc._direction import Direction
from temporal_tdc._failures import (
    EncodingFailureConverter,
    TdcDataConverter,
    TdcFailureConverter,
)
from temporal_tdc._handle import Handle, open_file, parse_document
from temporal_tdc._host import Host, KeyProvider
from temporal_tdc._remote import RemoteHeaders
from temporal_tdc._whole import Verb

AnyMessage = TypeVar("AnyMessage", bound=Message)


class Tdc:
    """An open config: payload codec, data converter and failure converter for Temporal's SDK.

    Any number of clients, workers, threads and event loops may share one. It stays usable in the
    child of a ``fork``. Made by ``open`` and ``parse``.

    Example:
        ::

            t = temporal_tdc.open("tdc.yaml")
            client = await Client.connect("localhost:7233", data_converter=t.data_converter)
    """

    def __init__(
        self,
        handle: Handle,
        key_provider: KeyProvider | None,
        remote_headers: RemoteHeaders | None,
        *,
        sdk_errors: bool,
    ) -> None:
        """Wire the codec; users call ``open`` or ``parse``."""
        self._handle = handle
        self._codec = Codec(
            Direction(handle, "encode"),
            Direction(handle, "decode"),
            Host(handle, key_provider, remote_headers),
            sdk_errors=sdk_errors,
        )

    @property
    def payload_codec(self) -> PayloadCodec:
        """The codec alone, to stand before or after a codec of your own."""
        return self._codec

    @property
    def payload_converter_class(self) -> type[PayloadConverter]:
        """The payload converter that fits the config, as a class without arguments.

        It is the SDK's default one where the config's ``converters`` are the default list.
        """
        if not self._handle.flags() & FLAG_CONVERTERS:
            return DefaultPayloadConverter
        return payload_converter_class(self._handle)

    @property
    def failure_converter_class(self) -> type[FailureConverter]:
        """The SDK's failure converter that fits the config.

        With ``failures: { encode_common_attributes: true }`` it is the one that moves message and
        stack trace into a payload, where the codec encrypts them.
        """
        if self._handle.flags() & FLAG_ENCODE_COMMON_ATTRIBUTES:
            return EncodingFailureConverter
        return TdcFailureConverter

    @property
    def data_converter(self) -> DataConverter:
        """The SDK's data converter with this codec and failure converter.

        Its payload converter is the SDK's default one, or the config's ``converters``.
        """
        return TdcDataConverter(
            payload_converter_class=self.payload_converter_class,
            payload_codec=self._codec,
            failure_converter_class=self.failure_converter_class,
        )

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
        return await self._message("encode", message, context, headers=headers)

    async def decode_message(
        self,
        message: AnyMessage,
        *,
        context: SerializationContext | None = None,
        headers: bool = False,
    ) -> AnyMessage:
        """Decode every payload and failure inside a message of Temporal's API.

        Args:
            message: Any message of ``temporalio.api``, such as ``History``; it is not changed.
            context: Where its payloads live, for configs with ``namespaces``.
            headers: Whether plain headers are refused where the config says ``required``; encoded
                ones are opened in any case.

        Returns:
            A message of the same class.

        Raises:
            TdcError: A payload cannot be decoded, or the type is not one of Temporal's.
        """
        return await self._message("decode", message, context, headers=headers)

    async def decode_history(
        self, history: bytes, *, context: SerializationContext | None = None
    ) -> bytes:
        """Decode an exported history, in the form it has.

        Args:
            history: JSON as ``temporal workflow show --output json`` and the Web UI's download give
                it, or an export of ``temporal.api.export.v1``, JSON or binary.
            context: Where its payloads live, for configs with ``namespaces``.

        Returns:
            The same form with every payload and failure decoded; the SDK's replayer reads it.

        Raises:
            TdcError: It is no history, or a payload cannot be decoded.
        """
        return await self._bound(context).whole.history(history)

    async def _message(
        self,
        verb: Verb,
        message: AnyMessage,
        context: SerializationContext | None,
        *,
        headers: bool,
    ) -> AnyMessage:
        answer = await self._bound(context).whole.message(
            verb, message.DESCRIPTOR.full_name, message.SerializeToString(), headers=headers
        )
        return type(message).FromString(answer)

    def _bound(self, context: SerializationContext | None) -> Codec:
        return self._codec if context is None else self._codec.with_context(context)

    def reload(self) -> None:
        """Read the config and its key files again; calls in flight keep what they began with.

        Raises:
            ConfigError: The files are not usable; everything stays as it was.
        """
        self._handle.reload()

    def close(self) -> None:
        """Refuse further calls and free the keys as soon as no call is in flight.

        Closing twice does nothing.
        """
        self._handle.close()

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._handle.closed

    def __enter__(self) -> Self:
        """Give this object; the end of the ``with`` block closes it."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Say what it is and whether it is open; never anything about keys."""
        return f"<temporal_tdc.Tdc {'closed' if self.closed else 'open'}>"


def open(  # noqa: A001
    path: str | os.PathLike[str],
    *,
    namespace: str | None = None,
    key_provider: KeyProvider | None = None,
    remote_headers: RemoteHeaders | None = None,
    sdk_errors: bool = False,
) -> Tdc:
    """Open a config file.

    Args:
        path: The file; relative paths inside it are relative to it.
        namespace: The Temporal namespace, for configs with ``namespaces``. A namespace that the SDK
            hands over with a call goes before this one.
        key_provider: Gives keys by their id, for configs with ``keys: { host: true }``.
        remote_headers: Gives headers for each request to a codec server, for configs whose codecs
            hold ``remote``: a token that is fetched and refreshed, for example.
        sdk_errors: Leave all errors in workflow tasks to the SDK: a signal, an update or a query
            whose payloads can never be decoded then fails the task again and again. Without it, the
            signal is dropped, the update rejected and the query answered with the error.

    Returns:
        The open config; close it, or use it as a context manager.

    Raises:
        ConfigError: The config or a key is not usable; the message says where and what to do.
        LibraryError: The native library cannot be loaded.
    """
    handle = open_file(path, namespace)
    return Tdc(handle, key_provider, remote_headers, sdk_errors=sdk_errors)


def parse(  # noqa: PLR0913
    document: str | bytes,
    *,
    base_dir: str | os.PathLike[str] | None = None,
    namespace: str | None = None,
    key_provider: KeyProvider | None = None,
    remote_headers: RemoteHeaders | None = None,
    sdk_errors: bool = False,
) -> Tdc:
    """Open a config given as YAML or JSON text.

    Args:
        document: The config itself.
        base_dir: What relative paths inside it are relative to.
        namespace: As for ``open``.
        key_provider: As for ``open``.
        remote_headers: As for ``open``.
        sdk_errors: As for ``open``.

    Returns:
        The open config.

    Raises:
        ConfigError: The config or a key is not usable.
        LibraryError: The native library cannot be loaded.
    """
    handle = parse_document(document, base_dir, namespace)
    return Tdc(handle, key_provider, remote_headers, sdk_errors=sdk_errors)
