"""Limits: bombs, depth, counts. The documents set low limits, so that the inputs stay small."""

from __future__ import annotations

import struct

from builder.captured import inflating
from builder.configs import KEYS, NOTHING, document, limits
from builder.layers import INNER, encrypted, gzip_member, gzipped, snappied, snappy_block, zlibbed, zstd_frame, zstd_streamed, zstded
from builder.vector import OPENS, Expect, Family, Vector, fails, gives
from builder.wire import payloads, plain

SOURCE = "made up"
BIG = plain("binary/plain", bytes(1 << 20))
ONE = len(INNER)


def _decode(name: str, comment: str, config: str, expect: Expect, *items: bytes) -> Vector:
    return Vector(f"limits-{name}", SOURCE, comment, "decode", expect, config=config, input=payloads(*items))


def _layered(count: int) -> bytes:
    item = INNER
    for _ in range(count):
        item = zlibbed(item)
    return item


def _bombs() -> list[Vector]:
    low = limits('max_decoded_bytes: "64 KiB"')
    bomb = inflating("zlib-bomb-1-mib", BIG)
    frames = {
        "zlib": plain("binary/zlib", bomb.data),
        "zstd": plain("binary/zstd", zstd_frame(BIG)),
        "zstd-unsized": plain("binary/zstd", zstd_frame(BIG, size=False)),
        "snappy": plain("binary/snappy", snappy_block(plain("binary/plain", bytes(200_000)))),
        "gzip": plain("binary/gzip", gzip_member(BIG, deflated=bomb.data[2:-4])),
    }
    out = []
    for name, item in frames.items():
        out.append(_decode(f"bomb-{name}", f"zeros in {len(item)} bytes, 64 KiB allowed", low, fails("LIMIT"), item))
    declared = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 1 << 60) + b"\x01\x00\x00"
    members = gzip_member(plain("binary/plain", bytes(600))) + gzip_member(bytes(600))
    small = plain("binary/zstd", zstd_streamed(INNER))
    return [
        *out,
        _decode(
            "zstd-window-is-no-content",
            "a small frame of unknown size asks for a window of 2 MiB: what counts is what comes out",
            low,
            gives(INNER),
            small,
        ),
        _decode("bomb-second-of-two", "the index of the payload where the limit was passed", low, fails("LIMIT", 1), INNER, frames["zlib"]),
        _decode("bomb-zstd-declared", "a frame header that promises 2^60 bytes", NOTHING, fails("LIMIT"), plain("binary/zstd", declared)),
        _decode(
            "bomb-snappy-declared",
            "a length of 4 GiB, and one byte of content",
            NOTHING,
            fails("LIMIT"),
            plain("binary/snappy", b"\xff\xff\xff\xff\x0f\x00a"),
        ),
        _decode(
            "bomb-gzip-members",
            "each member is below the limit, both are above",
            limits("max_decoded_bytes: 1024"),
            fails("LIMIT"),
            plain("binary/gzip", members),
        ),
        _decode(
            "bomb-inside-encrypted",
            "the bomb is inside an authentic layer",
            document(KEYS, 'limits: { max_decoded_bytes: "64 KiB" }'),
            fails("LIMIT"),
            encrypted(frames["zlib"]),
        ),
        _decode("bomb-inside-bomb", "a bomb packed once more", low, fails("LIMIT"), plain("binary/zstd", zstd_frame(frames["zstd"]))),
    ]


def _totals() -> list[Vector]:
    wrapped = {"zlib": zlibbed(INNER), "zstd": zstded(INNER), "snappy": snappied(INNER), "gzip": gzipped(INNER)}
    out = []
    for name, item in wrapped.items():
        out += [
            _decode(f"exact-{name}", f"{ONE} bytes decoded, {ONE} allowed", limits(f"max_decoded_bytes: {ONE}"), gives(INNER), item),
            _decode(
                f"one-over-{name}", f"{ONE} bytes decoded, {ONE - 1} allowed", limits(f"max_decoded_bytes: {ONE - 1}"), fails("LIMIT"), item
            ),
        ]
    item = wrapped["zlib"]
    twice = zlibbed(item)
    sealed = encrypted(INNER)
    return [
        *out,
        _decode("exact-encrypt", "what encrypt opens counts too", limits(f"max_decoded_bytes: {ONE}", KEYS), gives(INNER), sealed),
        _decode("one-over-encrypt", "one byte over", limits(f"max_decoded_bytes: {ONE - 1}", KEYS), fails("LIMIT"), sealed),
        _decode(
            "exact-two-payloads",
            "all payloads of a call count together",
            limits(f"max_decoded_bytes: {2 * ONE}"),
            gives(INNER, INNER),
            item,
            item,
        ),
        _decode(
            "one-over-two-payloads",
            "the second passes the limit",
            limits(f"max_decoded_bytes: {2 * ONE - 1}"),
            fails("LIMIT", 1),
            item,
            item,
        ),
        _decode(
            "exact-two-layers",
            "all layers of a payload count together",
            limits(f"max_decoded_bytes: {ONE + len(item)}"),
            gives(INNER),
            twice,
        ),
        _decode(
            "one-over-two-layers",
            "the inner layer passes the limit",
            limits(f"max_decoded_bytes: {ONE + len(item) - 1}"),
            fails("LIMIT"),
            twice,
        ),
        _decode("left-alone-counts-nothing", "what is left alone is not decoded", limits("max_decoded_bytes: 1"), gives(INNER), INNER),
    ]


def _depth() -> list[Vector]:
    sixteen, seventeen = _layered(16), _layered(17)
    return [
        _decode("sixteen-layers", "sixteen layers: the most there may be", NOTHING, gives(INNER), sixteen),
        _decode("seventeen-layers", "seventeen layers", NOTHING, fails("LIMIT"), seventeen),
        _decode("seventeen-layers-second", "the index of the payload that is too deep", NOTHING, fails("LIMIT", 1), sixteen, seventeen),
    ]


def _counts() -> list[Vector]:
    three = limits("max_payloads: 3")
    size = len(payloads(INNER))
    kib = plain("binary/plain", bytes(1024))
    return [
        _decode("max-payloads", "exactly max_payloads", three, gives(INNER, b"", INNER), INNER, b"", INNER),
        _decode("max-payloads-passed", "one more: the call is to blame, no payload", three, fails("LIMIT", None), INNER, b"", INNER, INNER),
        Vector(
            "limits-max-payloads-encode",
            SOURCE,
            "encode has the same limit",
            "encode",
            fails("LIMIT", None),
            config=three,
            input=payloads(*[b""] * 4),
        ),
        _decode("max-input-bytes", "exactly max_input_bytes", limits(f"max_input_bytes: {size}"), gives(INNER), INNER),
        _decode("max-input-bytes-passed", "one byte more", limits(f"max_input_bytes: {size - 1}"), fails("LIMIT", None), INNER),
        Vector(
            "limits-max-input-bytes-encode",
            SOURCE,
            "encode has the same limit",
            "encode",
            fails("LIMIT", None),
            config=limits('max_input_bytes: "1 KiB"'),
            input=payloads(kib),
        ),
        _decode("size-text", "sizes may be written with a unit", limits('max_input_bytes: "2 KiB"'), gives(kib), kib),
    ]


def _documents() -> list[Vector]:
    good = {
        "number": "max_decoded_bytes: 1048576",
        "mib": 'max_decoded_bytes: "1 MiB"',
        "unquoted": "max_decoded_bytes: 64 MiB",
        "gib": "max_decoded_bytes: 2 GiB",
        "kib": "max_input_bytes: 512 KiB",
        "all": "max_decoded_bytes: 1 MiB, max_payloads: 10, max_input_bytes: 1 MiB",
    }
    bad = {
        "negative": "max_decoded_bytes: -1",
        "fraction": "max_payloads: 1.5",
        "unit": 'max_decoded_bytes: "1 parsec"',
        "words": "max_decoded_bytes: plenty",
        "empty": 'max_input_bytes: ""',
        "too-large": 'max_decoded_bytes: "99999999999999999999 MiB"',
        "overflow": 'max_decoded_bytes: "18446744073709551615 KiB"',
        "unknown": "max_layers: 17",
        "list": "max_payloads: [1]",
        "null": "max_payloads: null",
        "boolean": "max_payloads: true",
    }
    return [
        *(
            Vector(f"limits-document-{name}", SOURCE, "a way to write a limit", "open", OPENS, config=limits(text))
            for name, text in good.items()
        ),
        *(
            Vector(f"limits-document-bad-{name}", SOURCE, f"no limit: {text}", "open", fails("CONFIG", None), config=limits(text))
            for name, text in bad.items()
        ),
    ]


FAMILY = Family(
    "limits.json", "Decompression bombs, depth, counts and sizes.", [*_bombs(), *_totals(), *_depth(), *_counts(), *_documents()]
)
