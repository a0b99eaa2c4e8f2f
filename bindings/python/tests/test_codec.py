"""The codec through the SDK's own types."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from support import KEY_ID, config, payload, run
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec, WithSerializationContext

import temporal_tdc

SIZES = (0, 1, 64, 4096, 40_000, 72 * 1024 - 60, 72 * 1024, 80_000, 128 * 1024, 300_000, 3_000_000)
GOLDEN = bytes.fromhex(
    "0a1c0a08656e636f64696e67121062696e6172792f656e637279707465640a200a11656e6372797074696f6e2d6b"
    "65792d6964120b746573742d6b65792d6964123f000102030405060708090a0bf92b89da276861d2657395a2a3f7"
    "f7d1e8a45622938592d067eda33472fe508461f837b442a729ec7e65ad1d706610b54be7a6"
)


def encode(tdc: temporal_tdc.Tdc, payloads: Sequence[Payload]) -> list[Payload]:
    return run(tdc.payload_codec.encode(payloads))


def decode(tdc: temporal_tdc.Tdc, payloads: Sequence[Payload]) -> list[Payload]:
    return run(tdc.payload_codec.decode(payloads))


def test_implements_the_interfaces_of_the_sdk(tdc: temporal_tdc.Tdc) -> None:
    assert isinstance(tdc.payload_codec, PayloadCodec)
    assert isinstance(tdc.payload_codec, WithSerializationContext)
    assert asyncio.iscoroutinefunction(tdc.payload_codec.encode)
    assert asyncio.iscoroutinefunction(tdc.payload_codec.decode)


def test_opens_what_the_samples_of_go_python_and_typescript_wrote(tdc: temporal_tdc.Tdc) -> None:
    assert decode(tdc, [Payload.FromString(GOLDEN)]) == [payload()]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_round_trip_of_every_size(tdc: temporal_tdc.Tdc, size: int, count: int) -> None:
    payloads = [payload(bytes([number]) * size) for number in range(count)]
    encoded = encode(tdc, payloads)
    assert len(encoded) == count
    for item in encoded:
        assert item.metadata["encoding"] == b"binary/encrypted"
        assert item.metadata["encryption-key-id"] == KEY_ID.encode()
        assert len(item.data) > size
    assert decode(tdc, encoded) == payloads


def test_sizes_may_change_from_call_to_call(tdc: temporal_tdc.Tdc) -> None:
    async def every_size_after_every_other() -> None:
        codec = tdc.payload_codec
        for first in SIZES:
            for second in SIZES:
                for payloads in ([payload(b"a" * first)], [payload(b"b" * second)]):
                    assert await codec.decode(await codec.encode(payloads)) == payloads

    run(every_size_after_every_other())


def test_a_batch_may_mix_sizes(tdc: temporal_tdc.Tdc) -> None:
    payloads = [payload(b"x" * size) for size in SIZES]
    assert decode(tdc, encode(tdc, payloads)) == payloads
    assert decode(tdc, encode(tdc, payloads[::-1])) == payloads[::-1]


def test_no_payloads_are_no_payloads(tdc: temporal_tdc.Tdc) -> None:
    assert encode(tdc, []) == []
    assert decode(tdc, []) == []


@pytest.mark.parametrize("size", [10, 30_000, 80_000, 300_000])
@pytest.mark.parametrize("count", [1, 3])
def test_unknown_fields_and_external_payloads_survive(
    tdc: temporal_tdc.Tdc, size: int, count: int
) -> None:
    known = payload(b"x" * size).SerializeToString()
    external_payloads = bytes.fromhex(
        "1a020807"
    )  # of 7 bytes; the oldest SDK does not know the field
    unknown_field = bytes.fromhex("fa3e03616263")  # number 1007
    plain = Payload.FromString(known + external_payloads + unknown_field)
    for _ in range(2):  # the second time its size is expected
        decoded = decode(tdc, encode(tdc, [plain] * count))
        for item in decoded:
            assert item == plain
            assert item.SerializeToString().endswith(unknown_field)


@pytest.mark.parametrize("size", [10, 300_000])
def test_the_given_payloads_are_not_changed(tdc: temporal_tdc.Tdc, size: int) -> None:
    plain = payload(b"x" * size)
    before = plain.SerializeToString(deterministic=True)
    encoded = encode(tdc, [plain])
    assert plain.SerializeToString(deterministic=True) == before
    before = encoded[0].SerializeToString(deterministic=True)
    decode(tdc, encoded)
    assert encoded[0].SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("size", [10, 30_000, 80_000, 300_000])
def test_what_is_left_alone_is_the_given_object(tdc: temporal_tdc.Tdc, size: int) -> None:
    foreign = payload(b"x" * size, encoding=b"my/encoding")
    for _ in range(2):
        (decoded,) = decode(tdc, [foreign])
        assert decoded is foreign


def test_the_same_payload_never_encrypts_to_the_same_bytes(tdc: temporal_tdc.Tdc) -> None:
    encoded = encode(tdc, [payload()] * 50) + encode(tdc, [payload()])
    assert len({item.data[:12] for item in encoded}) == 51


@pytest.mark.parametrize("codec", ["zlib", "zstd", "gzip", "snappy"])
@pytest.mark.parametrize("size", [2_000, 80_000, 400_000])
@pytest.mark.parametrize("count", [1, 3])
def test_compressed_chains_come_back(
    make_tdc: Callable[..., temporal_tdc.Tdc], codec: str, size: int, count: int
) -> None:
    tdc = make_tdc(config(codecs=[codec, "encrypt"]))
    payloads = [payload(b'{"order":"A-1"}' * (size // 15))] * count
    for _ in range(2):
        encoded = encode(tdc, payloads)
        assert all(len(item.data) < size // 4 for item in encoded)
        assert decode(tdc, encoded) == payloads


def test_a_small_payload_may_decode_to_a_large_one(
    make_tdc: Callable[..., temporal_tdc.Tdc],
) -> None:
    tdc = make_tdc(config(codecs=["zlib", "encrypt"]))
    plain = payload(b"\0" * 5_000_000)
    encoded = encode(tdc, [plain])
    assert len(encoded[0].data) < 32 * 1024
    assert decode(tdc, encoded) == [plain]


def test_one_codec_serves_many_threads(tdc: temporal_tdc.Tdc) -> None:
    async def in_threads() -> None:
        payloads = [[payload(b"%d" % number * (1 + number * 200))] for number in range(100)]
        encoded = await asyncio.gather(
            *(asyncio.to_thread(encode, tdc, item) for item in payloads),
        )
        decoded = await asyncio.gather(
            *(asyncio.to_thread(decode, tdc, item) for item in encoded),
        )
        assert list(decoded) == payloads

    run(in_threads())


@pytest.mark.parametrize("metadata", [0, 1, 30, 2_000])
@pytest.mark.parametrize("count", [1, 3])
def test_large_contents_with_any_metadata_survive(
    tdc: temporal_tdc.Tdc, metadata: int, count: int
) -> None:
    # From 24 KiB up the extension module writes short metadata itself, and leaves the rest.
    names = {f"clé-{number}": b"\0" * number for number in range(metadata // 10)}
    plain = Payload(metadata=names | {"": b"x" * metadata}, data=b"x" * 30_000)
    for _ in range(2):  # the second time its size is expected
        assert decode(tdc, encode(tdc, [plain] * count)) == [plain] * count
