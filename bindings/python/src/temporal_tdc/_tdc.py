"""The object that users hold, and the two ways to open one."""

from __future__ import annotations

import os

from temporalio.converter import (
    DataConverter,
    DefaultPayloadConverter,
    FailureConverter,
    PayloadCodec,
    PayloadConverter,
)
from typing_extensions import Self

from temporal_tdc._abi import FLAG_CONVERTERS, FLAG_ENCODE_COMMON_ATTRIBUTES
from temporal_tdc._codec import Codec
from temporal_tdc._failures import (
    EncodingFailureConverter,
    TdcDataConverter,
    TdcFailureConverter,
)
from temporal_tdc._handle import Handle, open_file, parse_document
from temporal_tdc._host import Host
from temporal_tdc._key_services import KeyService
from temporal_tdc._keys import KeyProvider
from temporal_tdc._messages import Messages
from temporal_tdc._operation import Operation
from temporal_tdc._remote import RemoteHeaders
from temporal_tdc._values import payload_converter_class


class Tdc(Messages):
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
        key_service: KeyService | None,
        *,
        sdk_errors: bool,
    ) -> None:
        """Wire the codec; users call ``open`` or ``parse``."""
        self._handle = handle
        host = Host(handle, key_provider, remote_headers, key_service)
        encoding, decoding = Operation(handle, "encode"), Operation(handle, "decode")
        self._codec = Codec(encoding, decoding, host, sdk_errors=sdk_errors)

    @property
    def payload_codec(self) -> PayloadCodec:
        """The codec alone, to use before or after a codec of your own."""
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

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Say what it is and whether it is open; never anything about keys."""
        return f"<temporal_tdc.Tdc {'closed' if self.closed else 'open'}>"


def open(  # noqa: A001, PLR0913
    path: str | os.PathLike[str],
    *,
    namespace: str | None = None,
    key_provider: KeyProvider | None = None,
    remote_headers: RemoteHeaders | None = None,
    key_service: KeyService | None = None,
    sdk_errors: bool = False,
) -> Tdc:
    """Open a config file.

    Args:
        path: The file; relative paths inside it are relative to it.
        namespace: The Temporal namespace, for configs with ``namespaces``. A namespace that the SDK
            passes with a call takes precedence over this one.
        key_provider: Gives keys by their id, for configs with ``keys: { host: true }``.
        remote_headers: Gives headers for each request to a codec server, for configs whose codecs
            hold ``remote``: a token that is fetched and refreshed, for example.
        key_service: Wraps and unwraps data keys, for configs with keys of a key service
            (``keys: { ring: { ...: { service: ... } } }``). Without it ``libtdc_keys`` does.
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
    return Tdc(handle, key_provider, remote_headers, key_service, sdk_errors=sdk_errors)


def parse(  # noqa: PLR0913
    document: str | bytes,
    *,
    base_dir: str | os.PathLike[str] | None = None,
    namespace: str | None = None,
    key_provider: KeyProvider | None = None,
    remote_headers: RemoteHeaders | None = None,
    key_service: KeyService | None = None,
    sdk_errors: bool = False,
) -> Tdc:
    """Open a config given as YAML or JSON text.

    Args:
        document: The config itself.
        base_dir: What relative paths inside it are relative to.
        namespace: As for ``open``.
        key_provider: As for ``open``.
        remote_headers: As for ``open``.
        key_service: As for ``open``.
        sdk_errors: As for ``open``.

    Returns:
        The open config.

    Raises:
        ConfigError: The config or a key is not usable.
        LibraryError: The native library cannot be loaded.
    """
    handle = parse_document(document, base_dir, namespace)
    return Tdc(handle, key_provider, remote_headers, key_service, sdk_errors=sdk_errors)
