"""The payload converter: the SDK's interface around the config's ``converters``.

Python makes raw forms of values (JSON text by the SDK's own converter, serialised messages, bytes),
and the library makes payloads of these, which no two languages then write differently.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, TypeAlias, get_origin

from google.protobuf.message import DecodeError, Message
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.common import RawValue
from temporalio.converter import (
    BinaryNullPayloadConverter,
    BinaryPlainPayloadConverter,
    BinaryProtoPayloadConverter,
    CompositePayloadConverter,
    EncodingPayloadConverter,
    JSONPlainPayloadConverter,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
)
from typing_extensions import Self

from temporal_tdc._context import encode_context
from temporal_tdc._errors import TdcError, invalid_payload
from temporal_tdc._handle import Handle
from temporal_tdc._host import describe
from temporal_tdc._requests import Call, RequestsError

_Files: TypeAlias = Mapping[str, Any]
"""The ``FileDescriptor`` of message types by name; protobuf has more than one such class."""


def _call(
    function: str, handle: Handle, context: bytes, message: bytes, files: _Files | None = None
) -> bytes:
    call = Call(handle.library.held)
    state = ctypes.byref(call)
    while True:
        try:
            return handle.call(function, context, message, state=state, release=False)
        except RequestsError:
            known = files or {}
            answers = [describe(asked, known.get(asked.text)) for asked in call.requests()]
            handle.answer(call, b"".join(answers))


to_payloads = partial(_call, "tdc_converter_to_payload")
"""Makes a serialised ``Payloads`` of values in their raw forms."""

from_payloads = partial(_call, "tdc_converter_from_payload")
"""Gives the values of a serialised ``Payloads`` back, in their raw forms."""


class TdcPayloadConverter(PayloadConverter, WithSerializationContext):
    """The config's converters; ``payload_converter_class`` binds them to an open config.

    Attributes:
        json: How objects become JSON and come back; a subclass may set another one.
    """

    json: ClassVar[EncodingPayloadConverter] = JSONPlainPayloadConverter()

    def __init__(self, handle: Handle, context: bytes = b"") -> None:
        """Bind the converters to a serialization context; users take ``Tdc.data_converter``."""
        self._handle = handle
        self._context = context
        self._raw = CompositePayloadConverter(
            BinaryNullPayloadConverter(),
            BinaryPlainPayloadConverter(),
            BinaryProtoPayloadConverter(),
            self.json,
        )

    def with_context(self, context: SerializationContext) -> Self:
        """Return this converter for a serialization context."""
        bound = type(self).__new__(type(self))
        TdcPayloadConverter.__init__(bound, self._handle, encode_context(context))
        return bound

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        """Make a payload of each value; that of a ``RawValue`` is taken as it is.

        Raises:
            TdcError: No converter of the config takes a value.
        """
        payloads = self._raw.to_payloads(values)
        places = [at for at, value in enumerate(values) if not isinstance(value, RawValue)]
        files = {
            value.DESCRIPTOR.full_name: value.DESCRIPTOR.file
            for value in values
            if isinstance(value, Message)
        }
        self._convert(to_payloads, payloads, places, files)
        return payloads

    def from_payloads(
        self, payloads: Sequence[Payload], type_hints: list[type] | None = None
    ) -> list[Any]:
        """Make a value of each payload, of the hinted type where there is a hint.

        Raises:
            TdcError: An encoding is unknown, or the data is malformed.
            RuntimeError: The value does not fit the type, as with the SDK's converter.
        """
        hints: list[Any] = [*(type_hints or [])]
        hints += [None] * (len(payloads) - len(hints))
        raw = list(payloads)
        places = [at for at, hint in enumerate(hints[: len(raw)]) if hint is not RawValue]
        files = {
            hint.DESCRIPTOR.full_name: hint.DESCRIPTOR.file for hint in hints if _is_message(hint)
        }
        self._convert(from_payloads, raw, places, files)
        return [self._value(item, hint) for item, hint in zip(raw, hints, strict=False)]

    def _value(self, raw: Payload, hint: Any) -> Any:
        if _is_message(hint) and (
            raw.metadata.get("messageType") == hint.DESCRIPTOR.full_name.encode()
        ):
            # The hinted class itself, whatever pool it is of.
            try:
                return hint.FromString(raw.data)
            except DecodeError as error:
                raise RuntimeError("Failed parsing") from error
        return self._raw.from_payloads([raw], None if hint is None else [hint])[0]

    def _convert(self, call: Any, items: list[Payload], places: list[int], files: _Files) -> None:
        """Replace the items at ``places`` with the library's results."""
        if not places:
            return
        message = Payloads(payloads=[items[at] for at in places]).SerializeToString()
        try:
            answer = call(self._handle, self._context, message, files)
        except TdcError as error:
            if error.payload_index is not None:
                error.payload_index = places[error.payload_index]
            raise
        try:
            made = Payloads.FromString(answer).payloads
        except DecodeError as error:
            raise invalid_payload() from error
        for at, payload in zip(places, made, strict=True):
            items[at] = payload


def payload_converter_class(handle: Handle) -> type[TdcPayloadConverter]:
    """Make the class without arguments that the SDK wants, bound to one open config."""

    class BoundPayloadConverter(TdcPayloadConverter):
        """The converters of one open config."""

        def __init__(self) -> None:
            """Make one, in a sandbox too."""
            super().__init__(handle)

    return BoundPayloadConverter


def _is_message(hint: Any) -> bool:
    # Python 3.10 calls `list[int]` a type, and then refuses it.
    return get_origin(hint) is None and isinstance(hint, type) and issubclass(hint, Message)
