"""Data keys that a key service wraps: who answers, renewals, faults, and the library's clients."""

from __future__ import annotations

import asyncio
import base64
import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from support import config, payload, run
from temporalio.api.common.v1 import Payload

import temporal_tdc
from temporal_tdc import Code, KeyService, KeyServiceError, ServiceKey, Tdc
from temporal_tdc._key_library import KeyLibrary, key_library
from temporal_tdc._requests import Call, Kind, Request
from temporal_tdc._wire import bytes_field, fields, int_field

URI = "awskms://alias/orders?region=eu-central-1"
KEK = AESGCM(b"k" * 32)


def keys(**options: Any) -> str:
    """A config whose data keys a service wraps."""
    return config(keys={"primary": "orders", "ring": {"orders": {"service": URI, **options}}})


def metadata(payloads: list[Payload], name: str) -> set[bytes]:
    return {item.metadata[name] for item in payloads}


class Service:
    """Wraps by AES-GCM, counts, and may be told to fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[ServiceKey] = []
        self.wraps = self.unwraps = 0
        self.pause = 0.0
        self.at_once: set[int] = set()

    def wrap(self, service: ServiceKey, data_key: bytes) -> bytes:
        self.asked.append(service)
        self.wraps += 1
        time.sleep(self.pause)
        if self.error:
            raise self.error
        nonce = os.urandom(12)
        return nonce + KEK.encrypt(nonce, data_key, None)

    def unwrap(self, service: ServiceKey, wrapped: bytes) -> bytes:
        self.asked.append(service)
        self.unwraps += 1
        self.at_once.add(threading.get_ident())
        time.sleep(self.pause)
        if self.error:
            raise self.error
        try:
            return KEK.decrypt(wrapped[:12], wrapped[12:], None)
        except InvalidTag as error:
            raise KeyServiceError("not mine", invalid=True) from error


class Asynchronous:
    """The same by coroutine functions."""

    def __init__(self) -> None:
        self.service = Service()

    async def wrap(self, service: ServiceKey, data_key: bytes) -> bytes:
        await asyncio.sleep(0)
        return self.service.wrap(service, data_key)

    async def unwrap(self, service: ServiceKey, wrapped: bytes) -> bytes:
        await asyncio.sleep(0)
        return self.service.unwrap(service, wrapped)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("size", [1, 80_000, 300_000])
@pytest.mark.parametrize("kind", [Service, Asynchronous])
def test_a_key_service_of_either_kind_serves_both_directions(
    make_tdc: Callable[..., Tdc], kind: Callable[[], KeyService], count: int, size: int
) -> None:
    plain = [payload(b"x" * size)] * count
    writer = make_tdc(keys(), key_service=kind()).payload_codec
    reader = make_tdc(keys(), key_service=kind()).payload_codec
    for _ in range(2):
        encoded = run(writer.encode(plain))
        assert metadata(encoded, "encoding") == {b"binary/encrypted"}
        assert metadata(encoded, "encryption-key-id") == {URI.encode()}
        assert run(writer.decode(encoded)) == plain
        assert run(reader.decode(encoded)) == plain


def test_what_is_asked_and_how_often(make_tdc: Callable[..., Tdc]) -> None:
    service = Service()
    document = keys(earlier=["awskms:///arn:1"], timeout="7 s")
    codec = make_tdc(document, key_service=service).payload_codec
    encoded: list[Payload] = []
    for _ in range(3):
        encoded = run(codec.encode([payload()] * 20))
        run(codec.decode(encoded))
    assert (service.wraps, service.unwraps) == (1, 0)
    assert service.asked == [ServiceKey(URI, ("awskms:///arn:1",), 7.0)]
    reader = make_tdc(document, key_service=service).payload_codec
    run(reader.decode(encoded))
    run(reader.decode(encoded[:1]))
    assert (service.wraps, service.unwraps) == (1, 1)


def sealed(number: int) -> Payload:
    """A foreign envelope, under a data key of its own."""
    data_key, nonce = number.to_bytes(32, "big"), os.urandom(12)
    plain = payload(str(number).encode()).SerializeToString()
    wrapped = Service().wrap(ServiceKey(URI, (), 5), data_key)
    return Payload(
        metadata={
            "encoding": b"binary/encrypted",
            "encryption-key-id": URI.encode(),
            "encryption-dek": base64.b64encode(wrapped),
        },
        data=nonce + AESGCM(data_key).encrypt(nonce, plain, None),
    )


def test_the_data_keys_of_a_list_are_unwrapped_together(make_tdc: Callable[..., Tdc]) -> None:
    service = Service()
    service.pause = 0.2
    codec = make_tdc(keys(), key_service=service).payload_codec
    begin = time.monotonic()
    decoded = run(codec.decode([sealed(number) for number in range(16)]))
    assert [item.data for item in decoded] == [str(number).encode() for number in range(16)]
    assert service.unwraps == len(service.at_once) == 16
    assert time.monotonic() - begin < 16 * 0.2


def test_calls_that_wait_for_one_data_key_ask_once(make_tdc: Callable[..., Tdc]) -> None:
    service = Service()
    service.pause = 0.1
    codec = make_tdc(keys(), key_service=service).payload_codec
    envelope = sealed(1)

    async def at_once() -> None:
        await asyncio.gather(*(codec.decode([envelope]) for _ in range(30)))
        await asyncio.gather(*(codec.encode([payload()]) for _ in range(30)))

    run(at_once())
    assert (service.wraps, service.unwraps) == (1, 1)


FAULTS: list[tuple[Exception, int, str]] = [
    (KeyServiceError("no rights", refused=True), Code.ERR_KEY_REFUSED, "no rights"),
    (KeyServiceError("overloaded"), Code.ERR_KEY_SERVICE, "overloaded"),
    (ConnectionError("it is away"), Code.ERR_KEY_SERVICE, "ConnectionError: it is away"),
]


@pytest.mark.parametrize(("error", "code", "text"), FAULTS)
def test_a_fault_is_a_transient_error_with_the_reason(
    make_tdc: Callable[..., Tdc], error: Exception, code: int, text: str
) -> None:
    codec = make_tdc(keys(), key_service=Service(error)).payload_codec
    for work in (codec.encode([payload()]), codec.decode([sealed(1)])):
        with pytest.raises(KeyServiceError, match=text) as caught:
            run(work)
        assert caught.value.code == code
        assert caught.value.refused == (code == Code.ERR_KEY_REFUSED)
        assert caught.value.transient


def test_a_wrapped_key_that_was_changed_is_an_error_of_its_payload(
    make_tdc: Callable[..., Tdc],
) -> None:
    codec = make_tdc(keys(), key_service=Service()).payload_codec
    envelopes = [sealed(1), sealed(2)]
    text = envelopes[1].metadata["encryption-dek"]
    envelopes[1].metadata["encryption-dek"] = (b"B" if text[:1] == b"A" else b"A") + text[1:]
    with pytest.raises(temporal_tdc.InputError, match="not mine") as caught:
        run(codec.decode(envelopes))
    assert (caught.value.code, caught.value.payload_index) == (Code.ERR_CIPHERTEXT, 1)


@pytest.mark.parametrize("nonsense", [None, "text", b"short"])
def test_what_is_no_data_key_is_an_error(make_tdc: Callable[..., Tdc], nonsense: Any) -> None:
    class Nonsense(Service):
        def unwrap(self, service: ServiceKey, wrapped: bytes) -> Any:  # noqa: ARG002
            return nonsense

    codec = make_tdc(keys(), key_service=Nonsense()).payload_codec
    with pytest.raises(temporal_tdc.TdcError) as caught:
        run(codec.decode([sealed(1)]))
    assert caught.value.code in {Code.ERR_KEY_SERVICE, Code.ERR_CIPHERTEXT}


@pytest.mark.parametrize("kind", [Service, Asynchronous])
def test_a_service_that_is_too_slow_is_given_up(
    make_tdc: Callable[..., Tdc], kind: Callable[[], KeyService]
) -> None:
    release = threading.Event()

    class Slow(Service):
        def wrap(self, service: ServiceKey, data_key: bytes) -> bytes:
            assert release.wait(60)
            return super().wrap(service, data_key)

    class SlowAsynchronous(Asynchronous):
        async def wrap(self, service: ServiceKey, data_key: bytes) -> bytes:
            await asyncio.sleep(60)
            return self.service.wrap(service, data_key)

    slow = Slow() if kind is Service else SlowAsynchronous()
    codec = make_tdc(keys(timeout="100 ms"), key_service=slow).payload_codec
    try:
        with pytest.raises(KeyServiceError, match=r"no answer in 0\.1 s"):
            run(codec.encode([payload()]))
    finally:
        release.set()


class Held(Service):
    """The answer to its second request waits until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.released = threading.Event(), threading.Event()

    def wrap(self, service: ServiceKey, data_key: bytes) -> bytes:
        if self.wraps:
            self.held.set()
            assert self.released.wait(60)
        return super().wrap(service, data_key)


class HeldAsynchronous(Asynchronous):
    """The same by a coroutine function."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.released = threading.Event(), threading.Event()

    async def wrap(self, service: ServiceKey, data_key: bytes) -> bytes:
        if self.service.wraps:
            self.held.set()
            assert await asyncio.to_thread(self.released.wait, 60)
        return await super().wrap(service, data_key)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("kind", [Held, HeldAsynchronous])
def test_a_data_key_is_renewed_while_the_old_one_is_used(
    make_tdc: Callable[..., Tdc], kind: Callable[[], Any], count: int
) -> None:
    service = kind()
    counts = getattr(service, "service", service)
    # At 5,600 of 6,400 messages the next key is requested. The 800 others are more than this needs
    # on a busy machine: a call that found none left would wrap a key itself.
    options = {"lifetime": "1 h", "messages": 6400}
    codec = make_tdc(keys(data_key=options), key_service=service).payload_codec

    async def encode_until_renewed() -> None:
        first = (await codec.encode([payload()] * 5598))[:1]
        deadline = time.monotonic() + 30

        async def encode_after(seconds: float) -> list[Payload]:
            assert time.monotonic() < deadline
            await asyncio.sleep(seconds)
            return await codec.encode([payload()] * count)

        def is_old(encoded: list[Payload]) -> bool:
            return metadata(encoded, "encryption-dek") == metadata(first, "encryption-dek")

        while not service.held.is_set():
            assert is_old(await encode_after(0.05))
        assert is_old(await encode_after(0))
        service.released.set()
        while is_old(encoded := await encode_after(0.05)):
            pass
        assert await codec.decode(encoded + first) == [payload()] * (count + 1)

    run(encode_until_renewed())
    assert (counts.wraps, counts.unwraps) == (2, 0)


def test_a_renewal_that_fails_harms_no_call(make_tdc: Callable[..., Tdc]) -> None:
    service = Service()
    codec = make_tdc(keys(data_key={"messages": 64}), key_service=service).payload_codec
    run(codec.encode([payload()]))
    service.error = ConnectionError("it is away")
    for _ in range(60):
        run(codec.encode([payload()]))
    deadline = time.monotonic() + 30
    while service.wraps < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def longest(tdc: Tdc) -> int:
    bound: int = tdc._handle.library.held.tdc_codec_encode_bound(tdc._handle.argument, 0)
    return bound


def test_wrapped_keys_that_are_longer_than_expected_fit(make_tdc: Callable[..., Tdc]) -> None:
    class Long(Service):
        def wrap(self, service: ServiceKey, data_key: bytes) -> bytes:
            return super().wrap(service, data_key) + bytes(4000)

        def unwrap(self, service: ServiceKey, wrapped: bytes) -> bytes:
            return super().unwrap(service, wrapped[:-4000])

    for size in (1, 72 * 1024 - 40, 80_000, 300_000):
        tdc = make_tdc(keys(), key_service=Long())
        bound = longest(tdc)
        plain = payload(b"x" * size)
        for _ in range(3):
            assert run(tdc.payload_codec.decode(run(tdc.payload_codec.encode([plain])))) == [plain]
        assert longest(tdc) > bound + 4000


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No ``libtdc_keys``."""
    monkeypatch.setenv("TDC_KEYS_LIBRARY", "/nowhere/libtdc_keys.so")
    key_library.cache_clear()
    yield
    key_library.cache_clear()


@pytest.mark.usefixtures("missing")
@pytest.mark.parametrize("count", [1, 3])
def test_without_any_client_the_error_says_what_to_do(
    make_tdc: Callable[..., Tdc], count: int
) -> None:
    codec = make_tdc(keys()).payload_codec
    for work in (codec.encode([payload()] * count), codec.decode([sealed(1)] * count)):
        with pytest.raises(KeyServiceError) as caught:
            run(work)
        assert caught.value.code == Code.ERR_KEY_SERVICE
        assert caught.value.transient
        for advice in ("install", "TDC_KEYS_LIBRARY", "key_service=", "/nowhere/libtdc_keys.so"):
            assert advice in caught.value.message


class FakeLibrary:
    """``libtdc_keys`` as far as Python sees it: addresses in, addresses out."""

    def __init__(self) -> None:
        self.service = Service()
        self.given: dict[int, Any] = {}
        self.threads: set[int] = set()

    def tdc_keys_answer(self, _: Any, requests: int, size: int, out: Any, out_len: Any) -> int:
        self.threads.add(threading.get_ident())
        answers = b""
        for _number, item in fields(ctypes.string_at(requests, size)):
            answers += self.answer(dict(fields(item)))
        area = ctypes.create_string_buffer(answers, len(answers))
        self.given[ctypes.addressof(area)] = area
        out._obj.contents = ctypes.c_char.from_address(ctypes.addressof(area))
        out_len._obj.value = len(answers)
        return 0

    def answer(self, request: dict[int, Any]) -> bytes:
        for kind, work in ((Kind.WRAP, self.service.wrap), (Kind.UNWRAP, self.service.unwrap)):
            if kind in request:
                secret = dict(fields(request[kind]))[2]
                made = work(ServiceKey(URI, (), 5), secret)
                return bytes_field(1, int_field(1, request[1]) + bytes_field(kind, made))
        return b""

    def tdc_keys_answers_free(self, answers: Any, size: Any) -> None:
        address = ctypes.addressof(answers.contents)
        assert len(self.given.pop(address)) == size.value


def test_the_library_answers_by_address_off_the_event_loop(
    make_tdc: Callable[..., Tdc], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeLibrary()
    monkeypatch.setattr("temporal_tdc._key_library.key_library", lambda: KeyLibrary(fake, None))
    copied: list[Request] = []
    requests = Call.requests

    def watched(self: Any, without: Any = ()) -> list[Request]:
        copied.extend(requests(self, without))
        return copied[-1:]

    monkeypatch.setattr(Call, "requests", watched)
    codec = make_tdc(keys(data_key={"messages": 64})).payload_codec
    for _ in range(60):
        encoded = run(codec.encode([payload()]))
        assert run(codec.decode(encoded)) == [payload()]
    assert run(codec.decode([sealed(7)])) == [payload(b"7")]
    deadline = time.monotonic() + 30
    while fake.service.wraps < 2 or fake.given:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert fake.service.unwraps == 1
    assert threading.get_ident() not in fake.threads
    # No data key became an object.
    assert {request.message for request in copied} == {b""}
