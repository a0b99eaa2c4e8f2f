"""Failures as the library makes them, by the SDK's two ways: whole, and payload by payload."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import KEY_ID, config, run
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError

import temporal_tdc
from temporal_tdc import Code, Tdc

ENCODE = {"encode_common_attributes": True}


def fail(message: str, detail: str, cause: BaseException | None = None) -> None:
    raise ApplicationError(message, detail) from cause


def raised() -> ApplicationError:
    """An error with a cause, both with text to hide."""
    try:
        fail("the cause: Bäcker ☕", "detail 2")
    except ApplicationError as cause:
        try:
            fail("the error", "detail 1", cause)
        except ApplicationError as error:
            return error
    raise AssertionError


def encoded(tdc: Tdc) -> Failure:
    failure = Failure()
    run(tdc.data_converter.encode_failure(raised(), failure))
    return failure


def test_the_whole_chain_is_hidden_and_comes_back(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(config(failures=ENCODE))
    failure = encoded(tdc)
    for each in (failure, failure.cause):
        assert (each.message, each.stack_trace) == ("Encoded failure", "")
        assert each.encoded_attributes.metadata["encoding"] == b"binary/encrypted"
    # Decode does so whatever the option says.
    error = run(make_tdc(config()).data_converter.decode_failure(failure))
    assert isinstance(error, ApplicationError)
    assert isinstance(error.__cause__, ApplicationError)
    assert (error.message, error.__cause__.message) == ("the error", "the cause: Bäcker ☕")
    for restored in (failure, failure.cause, error.failure, error.__cause__.failure):
        assert restored is not None
        assert not restored.HasField("encoded_attributes")
        assert "test_failures.py" in restored.stack_trace


def test_both_ways_make_one_form(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(config(codecs=[], failures=ENCODE))
    converter, error, within = tdc.data_converter, raised(), Failure()
    converter.failure_converter.to_failure(error, converter.payload_converter, within)
    whole = Failure()
    DataConverter.default.failure_converter.to_failure(error, converter.payload_converter, whole)
    run(tdc.payload_codec.encode_failure(whole))
    assert within == whole
    assert "Bäcker".encode() in within.cause.encoded_attributes.data


def test_decode_of_encode_is_the_same_failure(make_tdc: Callable[..., Tdc]) -> None:
    codec = make_tdc(config(failures=ENCODE)).payload_codec
    before = Failure(message="m", stack_trace="s", cause=Failure(message="c"))
    before.cause.application_failure_info.details.payloads.add(data=b"1")
    failure = Failure()
    failure.CopyFrom(before)
    run(codec.encode_failure(failure))
    assert failure.cause.application_failure_info.details != (
        before.cause.application_failure_info.details
    )
    run(codec.decode_failure(failure))
    assert failure == before


def changed(failure: Failure) -> Failure:
    data = bytearray(failure.encoded_attributes.data)
    data[-1] ^= 1
    failure.encoded_attributes.data = bytes(data)
    return failure


def test_what_does_not_authenticate_is_kept(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(config(failures=ENCODE))
    failure = changed(encoded(tdc))
    error = run(tdc.data_converter.decode_failure(failure))
    assert isinstance(error, ApplicationError)
    assert error.message == "Encoded failure"
    assert list(error.details) == ["detail 1"]
    assert failure.encoded_attributes.metadata["encoding"] == b"binary/encrypted"


def test_or_fails_where_the_config_says_so(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(config(failures={**ENCODE, "malformed": "error"}))
    failure = changed(encoded(tdc))
    before = failure.SerializeToString()
    with pytest.raises(temporal_tdc.AuthenticationError):
        run(tdc.data_converter.decode_failure(failure))
    assert failure.SerializeToString() == before
    attributes = Payload(metadata={"encoding": b"json/plain"}, data=b"[1]")
    with pytest.raises(temporal_tdc.InputError) as caught:
        run(tdc.payload_codec.decode_failure(Failure(encoded_attributes=attributes)))
    assert caught.value.code == Code.ERR_FAILURE


def test_a_key_of_the_host_is_asked_for_and_a_missing_one_never_kept(
    make_tdc: Callable[..., Tdc],
) -> None:
    failure = encoded(make_tdc(config(failures=ENCODE)))
    keys = {"primary": KEY_ID, "host": True}
    with pytest.raises(temporal_tdc.KeyProviderError):
        run(make_tdc(config(keys=keys)).data_converter.decode_failure(failure))
    asked: list[str] = []

    def provider(key_id: str) -> bytes:
        asked.append(key_id)
        return b"test-key-test-key-test-key-test!"

    tdc = make_tdc(config(keys=keys), key_provider=provider)
    error = run(tdc.data_converter.decode_failure(failure))
    assert isinstance(error, ApplicationError)
    assert error.message == "the error"
    assert asked == [KEY_ID]


def test_a_workflow_restores_and_clears_what_the_codec_opened(tdc: Tdc) -> None:
    converter = tdc.data_converter
    attributes = Payload(
        metadata={"encoding": b"json/plain"}, data=b'{"message":"m","stackTrace":"s"}'
    )
    failure = Failure(message="Encoded failure", encoded_attributes=attributes)
    failure.application_failure_info.details.CopyFrom(Payloads())
    error = converter.failure_converter.from_failure(failure, converter.payload_converter)
    assert isinstance(error, ApplicationError)
    assert error.failure is not None
    assert (error.failure.message, error.failure.stack_trace) == ("m", "s")
    assert not error.failure.HasField("encoded_attributes")
    assert failure.HasField("encoded_attributes")


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        (b"json/plain", b"[1]"),
        (b"json/plain", b"{"),
        (b"binary/encrypted", b"no key for this"),
        (b"another/codec", b'{"message":"m"}'),
    ],
)
def test_a_workflow_keeps_attributes_that_cannot_be_read(
    tdc: Tdc, encoding: bytes, data: bytes
) -> None:
    converter = tdc.data_converter
    attributes = Payload(metadata={"encoding": encoding}, data=data)
    failure = Failure(message="Encoded failure", encoded_attributes=attributes)
    failure.application_failure_info.SetInParent()
    error = converter.failure_converter.from_failure(failure, converter.payload_converter)
    assert isinstance(error, ApplicationError)
    assert error.message == "Encoded failure"
    assert error.failure is not None
    assert error.failure.encoded_attributes == attributes


def test_a_workflow_clears_a_text_that_was_empty(tdc: Tdc) -> None:
    converter = tdc.data_converter
    attributes = Payload(
        metadata={"encoding": b"json/plain"}, data=b'{"message":"m","stack_trace":""}'
    )
    failure = Failure(message="x", stack_trace="y", encoded_attributes=attributes)
    failure.application_failure_info.SetInParent()
    error = converter.failure_converter.from_failure(failure, converter.payload_converter)
    assert isinstance(error, ApplicationError)
    assert error.failure is not None
    assert (error.failure.message, error.failure.stack_trace) == ("m", "")
