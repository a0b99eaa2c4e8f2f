"""Failures: the SDK's failure converter, so that encoded attributes go when they are restored.

A client and an activity worker hand whole failures to ``TdcDataConverter``, and the library does
all of it. Inside a workflow the SDK hands single payloads to the codec and the failure to these
classes.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass

from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter, DefaultFailureConverter, PayloadConverter

from temporal_tdc._codec import Codec
from temporal_tdc._errors import TdcError
from temporal_tdc._handle import Handle, parse_document


class TdcFailureConverter(DefaultFailureConverter):
    """The SDK's failure converter; what it restores from encoded attributes it also clears."""

    def from_failure(self, failure: Failure, payload_converter: PayloadConverter) -> BaseException:
        """Make an exception of a failure, whose ``failure`` contains no encoded attributes."""
        if failure.HasField("encoded_attributes"):
            with contextlib.suppress(TdcError):  # such as still encrypted: no codec was there
                failure = _by_library("tdc_failure_decode", failure)
        return super().from_failure(failure, payload_converter)


class EncodingFailureConverter(TdcFailureConverter):
    """Moves message and stack trace into a payload, as JSON whatever the converters are."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """Make a failure of an exception, with all its causes."""
        super().to_failure(exception, payload_converter, failure)
        failure.CopyFrom(_by_library("tdc_failure_encode", failure))


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
        """Give the codec where no other part, of the user or the SDK, changes payloads."""
        if getattr(self, "external_storage", None) is not None:  # older SDKs have none
            return None
        return self.payload_codec if isinstance(self.payload_codec, Codec) else None


@functools.cache
def _attributes_alone() -> Handle:
    """Open a config that hides and restores text but has no codec: the SDK calls that later."""
    return parse_document(
        "{version: 1, codecs: [], failures: {encode_common_attributes: true}}", None, None
    )


def _by_library(function: str, failure: Failure) -> Failure:
    """Return the library's result for a failure, which is not changed."""
    message = failure.SerializeToString()
    answer = _attributes_alone().call(function, b"", message, state=None, release=False)
    return Failure.FromString(answer)
