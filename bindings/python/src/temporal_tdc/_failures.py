"""Failures: the SDK's failure converter, so that encoded attributes go when they are restored.

A client and an activity worker hand whole failures to ``TdcDataConverter``, and the library does
all of it. Inside a workflow the SDK hands single payloads to the codec and the failure to these
classes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter, DefaultFailureConverter, PayloadConverter

from temporal_tdc._codec import Codec


class TdcFailureConverter(DefaultFailureConverter):
    """The SDK's failure converter; what it restores from encoded attributes it also clears."""

    def from_failure(self, failure: Failure, payload_converter: PayloadConverter) -> BaseException:
        """Make an exception of a failure, whose ``failure`` holds no encoded attributes."""
        return super().from_failure(_restored(failure), payload_converter)


class EncodingFailureConverter(TdcFailureConverter):
    """Moves message and stack trace into a payload, as JSON whatever the converters are."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """Make a failure of an exception, with all its causes."""
        super().to_failure(exception, payload_converter, failure)
        # An exception that was a failure before brings its causes along without coming here.
        _hide(failure)
        while failure.HasField("cause"):
            failure = failure.cause
            _hide(failure)


@dataclass(frozen=True)
class TdcDataConverter(DataConverter):
    """The SDK's data converter; a whole failure is one call of the library."""

    async def encode_failure(self, exception: BaseException, failure: Failure) -> None:
        """Convert an exception and encode its failure."""
        codec = self._codec_alone()
        if codec is None:
            return await super().encode_failure(exception, failure)
        self.failure_converter.to_failure(exception, self.payload_converter, failure)
        return await codec.encode_failure(failure)

    async def decode_failure(self, failure: Failure) -> BaseException:
        """Decode a failure and convert it to an exception."""
        codec = self._codec_alone()
        if codec is None:
            return await super().decode_failure(failure)
        await codec.decode_failure(failure)
        return self.failure_converter.from_failure(failure, self.payload_converter)

    def _codec_alone(self) -> Codec | None:
        """Give the codec where nothing else, of the user or the SDK, has a hand in payloads."""
        if getattr(self, "external_storage", None) is not None:  # older SDKs have none
            return None
        return self.payload_codec if isinstance(self.payload_codec, Codec) else None


_ENCODED = "Encoded failure"
_JSON = b"json/plain"
_FIELDS = {"message": ("message",), "stack_trace": ("stack_trace", "stackTrace")}


def _hide(failure: Failure) -> None:
    is_hidden = failure.message == _ENCODED and not failure.stack_trace
    if is_hidden and failure.HasField("encoded_attributes"):
        return
    texts = {"message": failure.message, "stack_trace": failure.stack_trace}
    data = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode()
    failure.encoded_attributes.CopyFrom(Payload(metadata={"encoding": _JSON}, data=data))
    failure.message, failure.stack_trace = _ENCODED, ""


def _restored(failure: Failure) -> Failure:
    """Give a failure whose attributes are back in place; the given one is not changed."""
    attributes = failure.encoded_attributes
    if attributes.metadata.get("encoding") != _JSON:
        return failure
    try:
        texts: Any = json.loads(attributes.data)
    except (ValueError, RecursionError):
        return failure
    if not isinstance(texts, dict):
        return failure
    known = cast("dict[str, object]", texts)
    restored = Failure()
    restored.CopyFrom(failure)
    restored.ClearField("encoded_attributes")
    for field, names in _FIELDS.items():
        for name in names:
            if isinstance(text := known.get(name), str):
                setattr(restored, field, text)
                break
    return restored
