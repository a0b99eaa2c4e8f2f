"""Keys from the host, and keys that arrive later."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support import KEY, KEY_ID, config, payload, run, write_key
from temporalio.api.common.v1 import Payload, Payloads

import temporal_tdc
from temporal_tdc import Code, KeyProvider, Tdc

HOST_KEYS = {"primary": KEY_ID, "host": True}


@pytest.fixture
def encoded(tdc: Tdc) -> list[Payload]:
    """Three payloads that need the key ``KEY_ID``."""
    return run(tdc.payload_codec.encode([payload(b"a"), payload(b"b"), payload(b"c")]))


async def asynchronous(key_id: str) -> bytes | None:
    await asyncio.sleep(0)
    return KEY if key_id == KEY_ID else None


def synchronous(key_id: str) -> bytes | None:
    return KEY if key_id == KEY_ID else None


class Service:
    """A provider that is an object, as clients of key services are."""

    async def __call__(self, key_id: str) -> bytes | None:
        return await asynchronous(key_id)


@pytest.mark.parametrize("provider", [asynchronous, synchronous, Service()])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("size", [1, 80_000])
def test_a_provider_of_either_kind_serves_both_directions(
    make_tdc: Callable[..., Tdc], provider: KeyProvider, count: int, size: int
) -> None:
    codec = make_tdc(config(keys=HOST_KEYS), key_provider=provider).payload_codec
    plain = [payload(b"x" * size)] * count
    assert run(codec.decode(run(codec.encode(plain)))) == plain


def test_the_provider_is_asked_once_for_each_key(
    make_tdc: Callable[..., Tdc], encoded: list[Payload]
) -> None:
    asked: list[str] = []

    def provider(key_id: str) -> bytes:
        asked.append(key_id)
        return KEY

    codec = make_tdc(config(keys=HOST_KEYS), key_provider=provider).payload_codec
    for _ in range(3):
        assert run(codec.decode(encoded)) == [payload(b"a"), payload(b"b"), payload(b"c")]
    assert asked == [KEY_ID]


def test_none_means_that_there_is_no_such_key_and_is_remembered(
    make_tdc: Callable[..., Tdc], encoded: list[Payload]
) -> None:
    asked: list[str] = []

    def provider(key_id: str) -> None:
        asked.append(key_id)

    codec = make_tdc(config(keys=HOST_KEYS), key_provider=provider).payload_codec
    for _ in range(3):
        with pytest.raises(temporal_tdc.KeyUnknownError) as caught:
            run(codec.decode(encoded[:1]))
        assert caught.value.transient
    assert asked == [KEY_ID]


@pytest.mark.parametrize("count", [1, 3])
def test_without_a_provider_the_error_says_how_to_give_one(
    make_tdc: Callable[..., Tdc], encoded: list[Payload], count: int
) -> None:
    tdc = make_tdc(config(keys=HOST_KEYS))
    for work in (
        tdc.payload_codec.decode(encoded[:count]),
        tdc.payload_codec.encode([payload()] * count),
        tdc.decode_message(Payloads(payloads=encoded[:count])),
    ):
        with pytest.raises(
            temporal_tdc.KeyProviderError, match="no key provider was given"
        ) as caught:
            run(work)
        assert caught.value.code == Code.ERR_KEY_PROVIDER
        assert caught.value.transient
        assert "key_provider=" in caught.value.message
        assert KEY_ID in caught.value.message


def test_without_a_provider_the_files_are_still_searched_for_the_key(
    encoded: list[Payload], tmp_path: Path
) -> None:
    write_key(tmp_path / "other.key", b"o" * 32)
    file = tmp_path / "tdc.json"
    ring = {"other": {"file": "other.key"}}
    file.write_text(config(keys={"primary": "other", "host": True, "ring": ring}))
    with temporal_tdc.open(file) as tdc:
        write_key(tmp_path / "late.key", KEY)
        ring[KEY_ID] = {"file": "late.key"}
        file.write_text(config(keys={"primary": "other", "host": True, "ring": ring}))
        assert len(run(tdc.payload_codec.decode(encoded))) == 3


def test_without_host_keys_an_unknown_key_is_unknown(
    make_tdc: Callable[..., Tdc], encoded: list[Payload]
) -> None:
    ring = {"other": {"insecure_inline": base64.b64encode(b"o" * 32).decode()}}
    codec = make_tdc(config(keys={"primary": "other", "ring": ring})).payload_codec
    with pytest.raises(temporal_tdc.KeyUnknownError) as caught:
        run(codec.decode(encoded))
    assert caught.value.code == Code.ERR_KEY_UNKNOWN


@pytest.mark.parametrize("count", [1, 3])
def test_a_provider_that_fails_twice_is_a_transient_error_twice(
    make_tdc: Callable[..., Tdc], encoded: list[Payload], count: int
) -> None:
    tries: list[str] = []

    def provider(key_id: str) -> bytes:
        tries.append(key_id)
        if len(tries) <= 2:
            raise ConnectionError("the key service is away")
        return KEY

    codec = make_tdc(config(keys=HOST_KEYS), key_provider=provider).payload_codec
    for _ in range(2):
        with pytest.raises(temporal_tdc.KeyProviderError) as caught:
            run(codec.decode(encoded[:count]))
        assert caught.value.transient
        assert caught.value.code == Code.ERR_KEY_PROVIDER
        assert caught.value.name == "TDC_ERR_KEY_PROVIDER"
        assert isinstance(caught.value.__cause__, ConnectionError)
    assert len(run(codec.decode(encoded[:count]))) == count


@pytest.mark.parametrize("key", [b"", b"short", b"x" * 33])
def test_what_is_no_key_is_refused(
    make_tdc: Callable[..., Tdc], encoded: list[Payload], key: bytes
) -> None:
    codec = make_tdc(config(keys=HOST_KEYS), key_provider=lambda _: key).payload_codec
    with pytest.raises(temporal_tdc.KeyInvalidError) as caught:
        run(codec.decode(encoded))
    assert caught.value.code == Code.ERR_KEY_INVALID
    assert caught.value.transient


def test_an_ordinary_function_may_block_without_stopping_the_event_loop(
    make_tdc: Callable[..., Tdc], encoded: list[Payload]
) -> None:
    answer = threading.Event()

    def provider(_: str) -> bytes:
        assert answer.wait(30), "the event loop was blocked"
        return KEY

    codec = make_tdc(config(keys=HOST_KEYS), key_provider=provider).payload_codec

    async def decode_while_others_run() -> list[Payload]:
        decoding = asyncio.create_task(codec.decode(encoded))
        await asyncio.sleep(0)
        answer.set()  # nobody would get here if the provider held the loop
        return await decoding

    assert len(run(decode_while_others_run())) == 3


def test_many_calls_that_wait_for_one_key_ask_once(
    make_tdc: Callable[..., Tdc], encoded: list[Payload]
) -> None:
    asked: list[str] = []

    async def provider(key_id: str) -> bytes:
        asked.append(key_id)
        await asyncio.sleep(0.01)
        return KEY

    codec = make_tdc(config(keys=HOST_KEYS), key_provider=provider).payload_codec

    async def at_once() -> None:
        await asyncio.gather(*(codec.decode([item]) for item in encoded * 10))

    run(at_once())
    assert asked == [KEY_ID]


@pytest.mark.parametrize("size", [1, 10_000, 100_000])
def test_more_keys_than_fit_one_question_are_all_fetched(
    make_tdc: Callable[..., Tdc], size: int
) -> None:
    ids = [f"key-{number}" for number in range(40)]
    payloads: list[Payload] = []
    for key_id in ids:
        writer = make_tdc(config(keys={**HOST_KEYS, "primary": key_id}), key_provider=lambda _: KEY)
        payloads += run(writer.payload_codec.encode([payload(key_id.encode() * size)]))
    reader = make_tdc(config(keys=HOST_KEYS), key_provider=lambda _: KEY)
    decoded = run(reader.payload_codec.decode(payloads))
    assert [item.data for item in decoded] == [key_id.encode() * size for key_id in ids]


def test_a_reader_picks_up_a_key_that_was_added_to_its_files(tmp_path: Path) -> None:
    old, new = b"o" * 32, b"n" * 32
    write_key(tmp_path / "old.key", old)
    write_key(tmp_path / "new.key", new)
    before = {"old": {"file": "old.key"}}
    after = {**before, "new": {"file": "new.key"}}
    path = tmp_path / "tdc.yaml"
    path.write_text(config(keys={"primary": "old", "ring": before}))
    with temporal_tdc.open(path) as reader:
        path.write_text(config(keys={"primary": "new", "ring": after}))
        with temporal_tdc.open(path) as writer:
            encoded = run(writer.payload_codec.encode([payload()]))
        # Reload is never called here: the reader reloads when it finds the new id.
        assert run(reader.payload_codec.decode(encoded)) == [payload()]


def test_reload_changes_what_encodes(tmp_path: Path) -> None:
    path = tmp_path / "tdc.yaml"
    path.write_text(config(codecs=[]))
    with temporal_tdc.open(path) as tdc:
        (same,) = run(tdc.payload_codec.encode([payload()]))
        assert same == payload()
        path.write_text(config())
        tdc.reload()
        (encoded,) = run(tdc.payload_codec.encode([payload()]))
        assert encoded.metadata["encoding"] == b"binary/encrypted"
        path.write_text("version: 2\n")
        with pytest.raises(temporal_tdc.ConfigError):
            tdc.reload()
        assert run(tdc.payload_codec.decode([encoded])) == [payload()]


def only(key_id: str) -> dict[str, object]:
    return {
        "primary": key_id,
        "ring": {key_id: {"insecure_inline": base64.b64encode(KEY).decode()}},
    }


def test_after_a_reload_payloads_may_grow_by_more(tmp_path: Path) -> None:
    path, far = tmp_path / "tdc.yaml", "far" * 40
    path.write_text(config(keys=only("a")))
    with temporal_tdc.open(path) as tdc:
        payloads = [payload(b"x" * size) for size in (1, 4000, 4090, 20_000, 300_000)]
        run(tdc.payload_codec.encode(payloads))
        path.write_text(config(keys=only(far)))
        tdc.reload()
        for _ in range(5):
            encoded = run(tdc.payload_codec.encode(payloads))
            assert {item.metadata["encryption-key-id"] for item in encoded} == {far.encode()}
            assert run(tdc.payload_codec.decode(encoded)) == payloads


def test_a_slow_provider_is_waited_for_and_holds_up_only_its_call(
    make_tdc: Callable[..., Tdc],
) -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        asked, answer = asyncio.Event(), threading.Event()

        def provider(_: str) -> bytes:
            loop.call_soon_threadsafe(asked.set)
            assert answer.wait(timeout=60)
            return KEY

        codec = make_tdc(config(keys=HOST_KEYS), key_provider=provider).payload_codec
        call = asyncio.create_task(codec.encode([payload()]))
        await asked.wait()
        assert not call.done()
        answer.set()
        assert await call

    run(work())
