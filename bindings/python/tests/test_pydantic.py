"""Pydantic models as values: the ordinary case, and with converters of the config."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timezone

from pydantic import BaseModel
from support import config, run
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter, PydanticPayloadConverter
from temporalio.exceptions import ApplicationError

from temporal_tdc import Tdc


class Order(BaseModel):
    number: str
    placed: datetime


ORDER = Order(number="A-1", placed=datetime(2026, 11, 28, tzinfo=timezone.utc))


def test_the_sdks_pydantic_converter_replaces_the_default_one(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(config(failures={"encode_common_attributes": True}))
    converter = dataclasses.replace(
        tdc.data_converter, payload_converter_class=PydanticPayloadConverter
    )
    (encoded,) = run(converter.encode([ORDER]))
    assert encoded.metadata["encoding"] == b"binary/encrypted"
    assert run(converter.decode([encoded], [Order])) == [ORDER]
    # Failures still go to the library whole.
    failure = Failure()
    run(converter.encode_failure(ApplicationError("a secret", ORDER), failure))
    assert failure.message == "Encoded failure"
    error = run(converter.decode_failure(failure))
    assert isinstance(error, ApplicationError)
    assert error.message == "a secret"
    assert error.details == (ORDER.model_dump(mode="json"),)


def test_converters_of_the_config_take_pydantics_json(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(config(converters=["null", "bytes", "msgpack"]))

    class Mine(tdc.payload_converter_class):  # type: ignore[name-defined,misc]
        json = PydanticJSONPlainPayloadConverter()

    converter = dataclasses.replace(tdc.data_converter, payload_converter_class=Mine)
    encoded = run(converter.encode([ORDER]))
    assert run(converter.decode(encoded, [Order])) == [ORDER]
    (plain,) = converter.payload_converter.to_payloads([ORDER])
    assert plain.metadata["encoding"] == b"binary/msgpack"
