"""The config's converters behind the SDK's payload converter."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from support import config, payload, run
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.failure.v1 import Failure
from temporalio.client import WorkflowHistory
from temporalio.common import RawValue
from temporalio.converter import (
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer
from test_workflow import history
from workflows import Greeting

import temporal_tdc
from temporal_tdc import Code, Tdc

MSGPACK = ["null", "bytes", "binary-protobuf", "msgpack"]
CANONICAL: list[Any] = ["null", "bytes", "json-protobuf", {"json": {"canonical": True}}]
LISTS: list[list[Any]] = [MSGPACK, CANONICAL]


@dataclass
class Order:
    number: str
    cents: int


VALUES: list[Any] = [
    None,
    b"bytes",
    "Bäcker ☕ 😀",
    2**63 - 1,
    {"a": [1, 2.5, None]},
    Order("A-1", 100),
    [Order("A-2", 200)],
    WorkflowExecution(workflow_id="w", run_id="r"),
    Duration(seconds=3),
]
HINTS: list[type] = [
    type(None),
    bytes,
    str,
    int,
    dict,
    Order,
    list[Order],
    WorkflowExecution,
    Duration,
]


@pytest.mark.parametrize("converters", LISTS)
def test_values_come_back_by_their_hints(
    make_tdc: Callable[..., Tdc], converters: list[Any]
) -> None:
    tdc = make_tdc(config(converters=converters))
    converter = tdc.data_converter
    assert converter.payload_converter_class is not DefaultPayloadConverter
    encoded = run(converter.encode(VALUES))
    assert {item.metadata["encoding"] for item in encoded} == {b"binary/encrypted"}
    assert run(converter.decode(encoded, HINTS)) == VALUES
    plain = converter.payload_converter.to_payloads(VALUES)
    without = converter.payload_converter.from_payloads(plain)
    assert without[:5] == VALUES[:5]
    assert without[5] == {"number": "A-1", "cents": 100}
    assert without[7:] == VALUES[7:]
    # Whatever the list, all that the SDK's default converter writes is read.
    default = DefaultPayloadConverter().to_payloads(VALUES)
    assert converter.payload_converter.from_payloads(default, HINTS) == VALUES


def test_the_config_decides_the_form(make_tdc: Callable[..., Tdc]) -> None:
    def made(converters: list[Any], value: Any) -> tuple[bytes, bytes]:
        converter = make_tdc(config(converters=converters)).data_converter.payload_converter
        (item,) = converter.to_payloads([value])
        return item.metadata["encoding"], item.data

    assert made(MSGPACK, {"b": 1}) == (b"binary/msgpack", b"\x81\xa1b\x01")
    assert made(MSGPACK, Duration(seconds=3)) == (b"binary/protobuf", b"\x08\x03")
    assert made(CANONICAL, Duration(seconds=3)) == (b"json/protobuf", b'"3s"')
    assert made(CANONICAL, {"b": 1.0, "a": "ü"}) == (b"json/plain", '{"a":"ü","b":1}'.encode())


@pytest.mark.parametrize(
    ("converters", "is_default"),
    [
        (["null", "bytes", "json-protobuf", "json"], True),
        (["bytes", "null", "json-protobuf", "json"], False),
        (["null", "bytes", "binary-protobuf", "json"], False),
        (["null", "bytes", {"json-protobuf": {"ignore_unknown_fields": True}}, "json"], False),
        (["null", "json"], False),
        *((each, False) for each in LISTS),
    ],
)
def test_the_sdk_keeps_its_own_where_the_list_is_the_default(
    make_tdc: Callable[..., Tdc], converters: list[Any], *, is_default: bool
) -> None:
    chosen = make_tdc(config(converters=converters)).payload_converter_class
    assert (chosen is DefaultPayloadConverter) == is_default


def test_raw_values_pass_and_errors_name_the_place(make_tdc: Callable[..., Tdc]) -> None:
    converter = make_tdc(config(converters=["json"])).data_converter.payload_converter
    raw = payload(b"anything", b"my/own")
    made = converter.to_payloads([RawValue(raw), 1])
    assert made == [raw, payload(b"1")]
    back = converter.from_payloads(made, [RawValue, int])
    assert (back[0].payload, back[1]) == (raw, 1)
    with pytest.raises(temporal_tdc.InputError) as caught:
        converter.to_payloads([RawValue(raw), 1, b"bytes"])
    assert (caught.value.code, caught.value.payload_index) == (Code.ERR_VALUE, 2)
    with pytest.raises(temporal_tdc.InputError) as caught:
        converter.from_payloads([raw])
    assert caught.value.code == Code.ERR_ENCODING
    with pytest.raises(temporal_tdc.InputError):
        converter.to_payloads([math.nan])


def own_class(name: str, pool: descriptor_pool.DescriptorPool) -> type[Message]:
    """A message class that the library cannot know, with an import of its own."""
    for part, imported in (("part", None), ("whole", "part")):
        file = descriptor_pb2.FileDescriptorProto(
            name=f"{name}/{part}.proto", package=name, syntax="proto3"
        )
        message = file.message_type.add(name=part.capitalize())
        message.field.add(name="first_text", number=1, type=9, label=1)
        if imported:
            file.dependency.append(f"{name}/{imported}.proto")
            message.field.add(name="part", number=2, type=11, label=1, type_name=f".{name}.Part")
        pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{name}.Whole"))


@pytest.mark.parametrize("default_pool", [True, False])
def test_types_of_the_runtime_are_handed_in_when_they_are_needed(
    make_tdc: Callable[..., Tdc], *, default_pool: bool
) -> None:
    pool = descriptor_pool.Default() if default_pool else descriptor_pool.DescriptorPool()
    name = f"tdc_test_{str(default_pool).lower()}"
    cls = own_class(name, pool)
    value = cls.FromString(b"\x0a\x01x\x12\x03\x0a\x01y")
    document = config(converters=CANONICAL)
    writer = make_tdc(document).data_converter.payload_converter
    (made,) = writer.to_payloads([value])
    assert made.metadata["messageType"].decode() == f"{name}.Whole"
    assert made.data == b'{"firstText":"x","part":{"firstText":"y"}}'
    reader = make_tdc(document).data_converter.payload_converter
    assert reader.from_payload(made, cls) == value


def test_a_type_that_nobody_knows_is_an_error(make_tdc: Callable[..., Tdc]) -> None:
    converter = make_tdc(config(converters=CANONICAL)).data_converter.payload_converter
    metadata = {"encoding": b"json/protobuf", "messageType": b"no.such.Type"}
    with pytest.raises(temporal_tdc.TdcError) as caught:
        converter.from_payload(Payload(metadata=metadata, data=b"{}"))
    assert caught.value.code == Code.ERR_TYPE
    assert "no.such.Type" in str(caught.value)


def test_failures_are_json_whatever_the_converters_are(make_tdc: Callable[..., Tdc]) -> None:
    failures = {"encode_common_attributes": True}
    tdc = make_tdc(config(codecs=[], converters=MSGPACK, failures=failures))
    failure = Failure()
    run(tdc.data_converter.encode_failure(ApplicationError("text", {"a": 1}), failure))
    assert failure.encoded_attributes.metadata["encoding"] == b"json/plain"
    details = failure.application_failure_info.details
    assert details.payloads[0].metadata["encoding"] == b"binary/msgpack"
    error = run(tdc.data_converter.decode_failure(failure))
    assert isinstance(error, ApplicationError)
    assert (error.message, list(error.details)) == ("text", [{"a": 1}])


def test_ones_own_json_converter_may_be_put_in(make_tdc: Callable[..., Tdc]) -> None:
    class Shouting(JSONPlainPayloadConverter):
        def to_payload(self, value: Any) -> Payload | None:
            return super().to_payload(value.upper())

    bound: Any = make_tdc(config(converters=MSGPACK)).payload_converter_class
    mine = type("Mine", (bound,), {"json": Shouting()})
    assert mine().to_payloads(["a"])[0].data == b"\xa1A"


@pytest.mark.parametrize("converters", LISTS)
def test_it_works_inside_the_sandbox(make_tdc: Callable[..., Tdc], converters: list[Any]) -> None:
    tdc = make_tdc(config(converters=converters))
    argument, result = run(tdc.data_converter.encode(["Ada", "hello"]))

    async def replay(recorded: WorkflowHistory) -> Exception | None:
        replayer = Replayer(workflows=[Greeting], data_converter=tdc.data_converter)
        outcome = await replayer.replay_workflow(recorded, raise_on_replay_failure=False)
        return outcome.replay_failure

    assert run(replay(history(argument, result))) is None
    # The same with an input that the converters refuse: so it is they who read it.
    (unknown,) = run(tdc.payload_codec.encode([payload(b"1", b"my/own")]))
    assert "TDC_ERR_ENCODING" in str(run(replay(history(unknown, result))))


def test_the_namespace_may_come_with_the_context_alone(make_tdc: Callable[..., Tdc]) -> None:
    rules: list[dict[str, Any]] = [{"match": "orders-*", "codecs": []}]
    for converters, encoding in ((MSGPACK, b"binary/msgpack"), (None, b"json/plain")):
        changes = {"converters": converters} if converters else {}
        whole = make_tdc(config(namespaces=rules, **changes)).data_converter
        bound = whole.with_context(WorkflowSerializationContext("orders-eu", "w"))
        (made,) = run(bound.encode([1]))
        assert made.metadata["encoding"] == encoding
        assert run(bound.decode([made], [int])) == [1]
        with pytest.raises(temporal_tdc.ConfigError) as caught:
            run(whole.encode([1]))
        assert caught.value.code == Code.ERR_NAMESPACE
