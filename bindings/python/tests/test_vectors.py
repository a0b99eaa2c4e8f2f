"""Every vector: as raw bytes, and through the SDK's types where they can hold it."""

from __future__ import annotations

import json
from collections.abc import Callable
from ctypes import byref
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from google.protobuf.wrappers_pb2 import Int64Value
from support import run
from temporalio.api.common.v1 import Payload, Payloads

import temporal_tdc
from temporal_tdc import Code, Tdc
from temporal_tdc._codec import Codec
from temporal_tdc._handle import Handle
from temporal_tdc._requests import Call as TdcCall
from temporal_tdc._requests import Kind, RequestsError
from temporal_tdc._values import from_payloads, to_payloads

Vector: TypeAlias = dict[str, Any]

FOLDER = Path(__file__).parents[3] / "vectors"
VECTORS: dict[str, Vector] = {
    vector["name"]: vector
    for file in sorted(FOLDER.glob("*.json"))
    for vector in json.loads(file.read_text())["vectors"]
}


def raw(codec: Codec, operation: str, message: bytes) -> bytes:
    """Call the library with the bytes as they are, doing what the codec does about keys."""
    work = partial(codec._encoding.handle.call, f"tdc_codec_{operation}", b"", message)
    return run(codec._host.run(work, fits_the_loop=True))


def typed(codec: Codec, operation: str, message: bytes) -> bytes:
    """Call the SDK's interface."""
    payloads = Payloads.FromString(message)
    run(codec.encode_wrapper(payloads) if operation == "encode" else codec.decode_wrapper(payloads))
    return payloads.SerializeToString(deterministic=True)


def as_is(message: bytes) -> bytes:
    return message


def normal(message: bytes) -> bytes:
    """What the SDK's types make of a message: fields in order, the last of each repeated field."""
    return Payloads.FromString(message).SerializeToString(deterministic=True)


def fits_the_sdk(vector: Vector) -> bool:
    """Whether the SDK's types can say what the vector is about."""
    expect = vector["expect"]
    if not vector["input"]:
        return False  # no payloads: the SDK's interface has nothing to hand over
    try:
        for message in (vector["input"], expect.get("payloads", "")):
            Payloads.FromString(bytes.fromhex(message))
    except DecodeError:
        return False
    return True


Call: TypeAlias = Callable[[Codec, str, bytes], bytes]


def external_sizes(payload: Payload) -> list[int]:
    """The sizes in field 3, which the oldest SDK does not know by name."""
    known = UnknownFieldSet(Empty.FromString(payload.SerializeToString()))
    fields = [known[index] for index in range(len(known))]
    return [Int64Value.FromString(field.data).value for field in fields if field.field_number == 3]


def check(codec: Codec, vector: Vector, call: Call, form: Callable[[bytes], bytes]) -> None:
    operation, expect = vector["operation"], vector["expect"]
    message = bytes.fromhex(vector["input"])
    if operation == "roundtrip":
        encoded = call(codec, "encode", message)
        items = Payloads.FromString(encoded).payloads
        encodings = [item.metadata.get("encoding") for item in items]
        assert encodings == [name and name.encode() for name in expect["encodings"]]
        if "external_sizes" in expect:
            assert [external_sizes(item) for item in items] == expect["external_sizes"]
        assert call(codec, "decode", encoded) == form(message)
    else:
        assert call(codec, operation, message) == form(bytes.fromhex(expect["payloads"]))


def check_refused(codec: Codec, vector: Vector, call: Call) -> None:
    operation = "encode" if vector["operation"] == "encode" else "decode"
    with pytest.raises(temporal_tdc.TdcError) as caught:
        call(codec, operation, bytes.fromhex(vector["input"]))
    check_error(caught.value, vector)


def check_error(error: temporal_tdc.TdcError, vector: Vector) -> None:
    expect = vector["expect"]
    assert error.name == expect["error"], str(error)
    assert error.code == Code[expect["error"].removeprefix("TDC_")]
    assert error.payload_index == expect.get("payload_index")


def by_name(function: str) -> Callable[[Handle, bytes, bytes], bytes]:
    def call_it(handle: Handle, context: bytes, message: bytes) -> bytes:
        return handle.call(function, context, message, state=None, release=False)

    return call_it


def provide(handle: Handle, _context: bytes, files: bytes) -> bytes:
    metadata = {"encoding": b"binary/protobuf", "messageType": b"app.v1.Nothing"}
    message = Payloads(payloads=[Payload(metadata=metadata)]).SerializeToString()
    call = TdcCall(handle.library.held)
    with pytest.raises(RequestsError):
        handle.call("tdc_converter_to_payload", b"", message, state=byref(call), release=False)
    [request] = call.requests()
    handle.answer(call, request.answer(Kind.DESCRIPTOR, files))
    return b""


VALUES: dict[str, Callable[[Handle, bytes, bytes], bytes]] = {
    "to_payload": to_payloads,
    "from_payload": from_payloads,
    "encode_failure": by_name("tdc_failure_encode"),
    "decode_failure": by_name("tdc_failure_decode"),
    "decode_history": by_name("tdc_history_decode"),
    "provide_descriptor": provide,
}
"""The operations that take a message and give one."""


def check_values(vector: Vector, make_tdc: Callable[..., Tdc]) -> None:
    codec = make_tdc(vector["config"], namespace=vector.get("namespace")).payload_codec
    assert isinstance(codec, Codec)
    convert, message = VALUES[vector["operation"]], bytes.fromhex(vector["input"])
    handle = codec._encoding.handle
    if "error" in vector["expect"]:
        with pytest.raises(temporal_tdc.TdcError) as caught:
            convert(handle, b"", message)
        check_error(caught.value, vector)
    else:
        expect = vector["expect"]
        expected = expect.get("payloads", expect.get("message", ""))
        assert convert(handle, b"", message).hex() == expected


@pytest.mark.parametrize("name", VECTORS)
def test_vector(name: str, make_tdc: Callable[..., Tdc]) -> None:
    vector = VECTORS[name]
    options = {"namespace": vector.get("namespace")}
    if vector["operation"] == "open":
        if "error" in vector["expect"]:
            with pytest.raises(temporal_tdc.TdcError) as caught:
                make_tdc(vector["config"], **options)
            check_error(caught.value, vector)
        else:
            make_tdc(vector["config"], **options)
        return
    if vector["operation"] in VALUES:
        check_values(vector, make_tdc)
        return
    forms: list[tuple[Call, Callable[[bytes], bytes]]] = [(raw, as_is)]
    if fits_the_sdk(vector):
        forms.append((typed, normal))
    for call, form in forms:
        try:
            tdc = make_tdc(vector["config"], **options)
        except temporal_tdc.TdcError as error:
            check_error(error, vector)
            continue
        codec = tdc.payload_codec
        assert isinstance(codec, Codec)
        if "error" in vector["expect"]:
            check_refused(codec, vector, call)
        else:
            check(codec, vector, call, form)


def test_no_two_vectors_have_one_name() -> None:
    count = sum(len(json.loads(file.read_text())["vectors"]) for file in FOLDER.glob("*.json"))
    assert len(VECTORS) == count > 0
