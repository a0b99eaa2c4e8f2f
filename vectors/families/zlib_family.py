"""`zlib`: RFC 1950 streams as Go, Java and zlib itself write them, and broken ones."""

from __future__ import annotations

import struct
import zlib

from builder.captured import captured, inflating
from builder.configs import NOTHING, codecs, document
from builder.layers import INNER, ORDER, zlib_stored, zlibbed
from builder.vector import Expect, Family, Vector, encodings, fails, gives
from builder.wire import external, payload, payloads, plain

HAND = "written by hand after RFC 1950 and RFC 1951"

#: Streams that do not begin with a zlib header: a chain that does not list the codec takes them for another's.
FOREIGN = {"no-data", "empty-data", "one-byte", "header-check", "method", "raw-deflate", "gzip"}


def _decode(name: str, comment: str, data: bytes | None, expect: Expect, source: str = HAND, config: str = NOTHING) -> Vector:
    return Vector(name, source, comment, "decode", expect, config=config, input=payloads(plain("binary/zlib", data)))


def _captured() -> list[Vector]:
    out = []
    names = [f"zlib-level-{n}" for n in range(1, 10)] + [f"zlib-window-{n}" for n in range(9, 15)]
    for name in [
        *names,
        "zlib-fixed-huffman",
        "zlib-huffman-only",
        "zlib-run-length",
        "zlib-filtered",
        "zlib-full-flush",
        "zlib-sdk-go",
        "zlib-sdk-java",
    ]:
        stream = inflating(name, ORDER)
        out.append(_decode(name, "one of the ways to write the same content", stream.data, gives(ORDER), stream.tool))
    inner = inflating("zlib-inner", INNER)
    empty = inflating("zlib-empty", b"")
    return [
        *out,
        _decode("zlib-tiny", "fixed Huffman codes, as Java and Python write a tiny payload", inner.data, gives(INNER), inner.tool),
        _decode("zlib-empty-content", "the empty message is a payload", empty.data, gives(b""), empty.tool),
    ]


def _opens() -> list[Vector]:
    many = zlib.adler32(INNER)
    blocks = b"".join(struct.pack("<BHH", 0, 1, 1 ^ 0xFFFF) + bytes([byte]) for byte in INNER)
    split = b"\x78\x01" + blocks + struct.pack("<BHH", 1, 0, 0xFFFF) + struct.pack(">I", many)
    level_0 = b"\x78\x9c" + zlib_stored(INNER)[2:]
    rest = payload({}, zlib_stored(INNER)) + payload({"encoding": b"binary/zlib"})
    more = payload({"encoding": b"binary/zlib", "a": b"b"}, zlib_stored(INNER))
    inside = INNER + external(300_000)
    return [
        _decode("zlib-stored", "a stored block", zlib_stored(INNER), gives(INNER)),
        _decode("zlib-stored-default-header", "a stored block behind the header of level 6, as Go writes it", level_0, gives(INNER)),
        _decode("zlib-stored-one-byte-blocks", "a stored block for each byte and an empty last one", split, gives(INNER)),
        _decode("zlib-external-payloads", "external_payloads are inside and come out", zlib_stored(inside), gives(inside)),
        Vector("zlib-twice", HAND, "a layer in a layer", "decode", gives(INNER), config=NOTHING, input=payloads(zlibbed(zlibbed(INNER)))),
        Vector(
            "zlib-data-before-metadata", HAND, "fields may come in any order", "decode", gives(INNER), config=NOTHING, input=payloads(rest)
        ),
        Vector(
            "zlib-other-metadata", HAND, "other metadata keys do not disturb", "decode", gives(INNER), config=NOTHING, input=payloads(more)
        ),
    ]


def _refused() -> list[Vector]:
    good = zlib_stored(INNER)
    tiny = captured("zlib-inner").data
    raw = inflating("raw-deflate", ORDER, -15)
    wrong_sum = good[:-1] + bytes([good[-1] ^ 1])
    broken = fails("COMPRESSED")
    cases: list[tuple[str, str, bytes | None]] = [
        ("no-data", "no data field", None),
        ("empty-data", "no bytes", b""),
        ("one-byte", "half a header", good[:1]),
        ("header-only", "a header and nothing behind it", good[:2]),
        ("header-check", "the header's check bits are wrong", b"\x78\x02" + good[2:]),
        ("method", "compression method 7", b"\x77\x85" + good[2:]),
        ("block-type", "block type 3 does not exist", b"\x78\x01\x07" + good[-4:]),
        ("stored-length", "a stored block's length and its complement disagree", good[:4] + b"\xff" + good[5:]),
        ("cut-in-block", "cut in the middle of a block", tiny[: len(tiny) // 2]),
        ("cut-in-checksum", "the last byte of the checksum is missing", good[:-1]),
        ("no-checksum", "no checksum", good[:-4]),
        ("checksum", "one bit of the checksum flipped", wrong_sum),
        ("content", "one bit of the content flipped", good[:20] + bytes([good[20] ^ 1]) + good[21:]),
        ("trailing-byte", "a byte behind the stream", good + b"\0"),
        ("two-streams", "a second stream behind the first", good + good),
        ("raw-deflate", "deflate without zlib's header", raw.data),
        ("gzip", "gzip's header under this encoding", b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + raw.data),
        ("dictionary", "a preset dictionary, which nobody has", captured("zlib-dictionary").data),
        ("distance", "a back reference before the beginning", b"\x78\x01\x4b\x04\x12\x00" + struct.pack(">I", 1)),
    ]
    return [
        *(_decode(f"zlib-bad-{name}", comment, data, broken, config=codecs("zlib")) for name, comment, data in cases),
        *(
            _decode(
                f"zlib-unlisted-{name}",
                f"{comment}; the chain does not list zlib",
                data,
                gives(plain("binary/zlib", data)) if name in FOREIGN else broken,
            )
            for name, comment, data in cases
        ),
        _decode(
            "zlib-content-not-a-payload",
            "decompresses, but to no protobuf message: another codec wrote it",
            zlib_stored(b"no protobuf"),
            fails("PROTOBUF"),
            HAND,
            codecs("zlib"),
        ),
        Vector(
            "zlib-bad-second-of-two",
            HAND,
            "the index of the payload that fails",
            "decode",
            fails("COMPRESSED", 1),
            config=NOTHING,
            input=payloads(zlibbed(INNER), plain("binary/zlib", wrong_sum)),
        ),
    ]


def _encodes() -> list[Vector]:
    made = "round trip"
    level_9 = document("codecs:\n  - zlib: { level: 9, min_size: 100 }")
    return [
        Vector(
            "zlib-round-trip",
            made,
            "worth it: compressed",
            "roundtrip",
            encodings("binary/zlib"),
            config=codecs("zlib"),
            input=payloads(ORDER),
        ),
        Vector("zlib-round-trip-level", made, "level 9", "roundtrip", encodings("binary/zlib"), config=level_9, input=payloads(ORDER)),
        Vector(
            "zlib-round-trip-mixed",
            made,
            "each payload is decided for itself",
            "roundtrip",
            encodings("json/plain", "binary/zlib", None),
            config=codecs("zlib"),
            input=payloads(INNER, ORDER, b""),
        ),
        Vector(
            "zlib-keeps-small",
            made,
            "not smaller: the payload stays as it is",
            "encode",
            gives(INNER),
            config=codecs("zlib"),
            input=payloads(INNER),
        ),
        Vector(
            "zlib-keeps-empty", made, "the empty payload stays as it is", "encode", gives(b""), config=codecs("zlib"), input=payloads(b"")
        ),
        Vector(
            "zlib-keeps-below-min-size",
            made,
            "one byte below min_size",
            "encode",
            gives(ORDER),
            config=document(f"codecs:\n  - zlib: {{ min_size: {len(ORDER) + 1} }}"),
            input=payloads(ORDER),
        ),
        Vector(
            "zlib-compresses-at-min-size",
            made,
            "exactly min_size",
            "roundtrip",
            encodings("binary/zlib"),
            config=document(f"codecs:\n  - zlib: {{ min_size: {len(ORDER)} }}"),
            input=payloads(ORDER),
        ),
        Vector(
            "zlib-encode-malformed",
            made,
            "encode reads the payload too: it must be one",
            "encode",
            fails("PROTOBUF"),
            config=codecs("zlib"),
            input=payloads(b"\x0a\x05\x0a"),
        ),
    ]


FAMILY = Family(
    "zlib.json",
    "binary/zlib: what Go's NewZlibCodec, Java's ZlibPayloadCodec and zlib write, and broken streams.",
    [*_captured(), *_opens(), *_refused(), *_encodes()],
)
