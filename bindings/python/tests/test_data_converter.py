"""The SDK's own data converter and failure converter, wired with the codec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import temporalio.converter
from support import config, payload, run
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverter,
    DefaultPayloadConverter,
    PayloadCodec,
)
from temporalio.exceptions import ApplicationError

import temporal_tdc
from temporal_tdc import Tdc


@dataclass
class Order:
    number: str
    cents: int


VALUES: list[Any] = [None, b"bytes", "Bäcker ☕ 😀", 7, {"a": [1, 2]}, Order("A-1", 100)]


def test_values_come_back_and_are_ciphertext_meanwhile(tdc: Tdc) -> None:
    converter = tdc.data_converter
    assert isinstance(converter, DataConverter)
    assert converter.payload_converter_class is DefaultPayloadConverter
    payloads = run(converter.encode(VALUES))
    assert {item.metadata["encoding"] for item in payloads} == {b"binary/encrypted"}
    hints: list[type] = [type(None), bytes, str, int, dict, Order]
    assert run(converter.decode(payloads, hints)) == VALUES


@pytest.mark.parametrize("encode_attributes", [True, False])
def test_failures_are_encoded_as_the_config_says(
    make_tdc: Callable[..., Tdc], *, encode_attributes: bool
) -> None:
    failures = {"encode_common_attributes": encode_attributes}
    tdc = make_tdc(config(failures=failures))
    assert issubclass(tdc.failure_converter_class, DefaultFailureConverter)
    converter = tdc.data_converter
    failure = Failure()
    run(converter.encode_failure(ApplicationError("a secret", "a detail"), failure))
    assert (failure.message == "Encoded failure") == encode_attributes
    assert b"a detail" not in failure.SerializeToString()
    assert (b"a secret" in failure.SerializeToString()) != encode_attributes
    error = run(converter.decode_failure(failure))
    assert isinstance(error, ApplicationError)
    assert error.message == "a secret"
    assert list(error.details) == ["a detail"]
    assert not failure.HasField("encoded_attributes")


class Reversing(PayloadCodec):
    """A user's own codec, before or after tdc."""

    def __init__(self, inner: PayloadCodec) -> None:
        self._inner = inner

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return await self._inner.encode([self._reversed(item) for item in payloads])

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._reversed(item) for item in await self._inner.decode(payloads)]

    @staticmethod
    def _reversed(item: Payload) -> Payload:
        return Payload(metadata=item.metadata, data=item.data[::-1])


def test_a_codec_of_ones_own_may_stand_before_it(tdc: Tdc) -> None:
    codec = Reversing(tdc.payload_codec)
    encoded = run(codec.encode([payload(b"abc")]))
    assert run(tdc.payload_codec.decode(encoded)) == [payload(b"cba")]
    assert run(codec.decode(encoded)) == [payload(b"abc")]


@pytest.mark.skipif(hasattr(temporalio.converter, "StorageDriver"), reason="this SDK has it")
def test_an_sdk_without_external_storage_is_named() -> None:
    driver: Any = object()
    with pytest.raises(RuntimeError, match="external storage needs temporalio"):
        temporal_tdc.storage_driver(driver)
