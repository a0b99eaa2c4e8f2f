"""`snappy`: the block format, as samples-go/snappycompress writes it."""

from __future__ import annotations

import cramjam

from builder.configs import NOTHING, codecs, document
from builder.layers import INNER, ORDER, snappied, snappy_block
from builder.vector import Expect, Family, Vector, encodings, fails, gives
from builder.wire import external, payloads, plain, varint

MADE = "PyPI cramjam"
HAND = "written by hand after snappy's format_description.txt"

#: Streams that do not begin with a length and a literal: a chain that does not list the codec takes them for another's.
FOREIGN = {"no-data", "empty-data", "length-cut", "length-only", "length-too-long", "length-too-small", "cut-in-literal"}


def _decode(name: str, comment: str, data: bytes | None, expect: Expect, source: str = HAND, config: str = NOTHING) -> Vector:
    return Vector(name, source, comment, "decode", expect, config=config, input=payloads(plain("binary/snappy", data)))


def literal(content: bytes, width: int = 0) -> bytes:
    """A literal; `width` forces its length into so many extra bytes."""
    if width == 0 and len(content) <= 60:
        return bytes([(len(content) - 1) << 2]) + content
    width = width or ((len(content) - 1).bit_length() + 7) // 8
    return bytes([(59 + width) << 2]) + (len(content) - 1).to_bytes(width, "little") + content


def copy_2(offset: int, length: int) -> bytes:
    """A copy with an offset of two bytes."""
    return bytes([(length - 1) << 2 | 2]) + offset.to_bytes(2, "little")


def copy_4(offset: int, length: int) -> bytes:
    """A copy with an offset of four bytes."""
    return bytes([(length - 1) << 2 | 3]) + offset.to_bytes(4, "little")


def _opens() -> list[Vector]:
    run = plain("binary/plain", b"a" * 64)
    head, size = run[:-64], varint(len(run))
    inside = INNER + external(300_000)
    return [
        _decode("snappy-copies", "copies", snappy_block(ORDER), gives(ORDER), MADE),
        _decode("snappy-literal", "one literal", varint(len(INNER)) + literal(INNER), gives(INNER)),
        _decode(
            "snappy-literals-long-lengths",
            "literal lengths of one to four bytes",
            varint(len(INNER)) + b"".join(literal(INNER[n * 8 : n * 8 + 8], n + 1) for n in range(4)) + literal(INNER[32:]),
            gives(INNER),
        ),
        _decode(
            "snappy-copy-1",
            "a copy with an offset of eleven bits, which overlaps itself",
            size + literal(head + b"a") + b"".join(b"\x1d\x01" for _ in range(5)) + literal(b"a" * 8),
            gives(run),
        ),
        _decode(
            "snappy-copy-2", "a copy of two-byte offset, which overlaps itself", size + literal(head + b"a") + copy_2(1, 63), gives(run)
        ),
        _decode("snappy-copy-4", "a copy of four-byte offset", size + literal(head + b"a") + copy_4(1, 63), gives(run)),
        _decode("snappy-empty-content", "the empty message is a payload", b"\0", gives(b"")),
        _decode(
            "snappy-overlong-length", "the length as a varint longer than needed", varint(len(INNER), 3) + literal(INNER), gives(INNER)
        ),
        _decode("snappy-external-payloads", "external_payloads are inside and come out", snappy_block(inside), gives(inside), MADE),
        Vector(
            "snappy-twice", MADE, "a layer in a layer", "decode", gives(INNER), config=NOTHING, input=payloads(snappied(snappied(INNER)))
        ),
    ]


def _refused() -> list[Vector]:
    size = varint(len(INNER))
    cases: list[tuple[str, str, bytes | None]] = [
        ("no-data", "no data field", None),
        ("empty-data", "no bytes", b""),
        ("length-cut", "the length's varint is cut short", b"\x80"),
        ("length-only", "a length and nothing behind it", size),
        ("length-too-long", "the length is a varint of 33 bits", b"\xff\xff\xff\xff\x7f" + literal(INNER)),
        ("length-too-small", "more content than the length says", varint(len(INNER) - 1) + literal(INNER)),
        ("length-too-large", "less content than the length says", varint(len(INNER) + 1) + literal(INNER)),
        ("cut-in-literal", "cut in a literal", (size + literal(INNER))[:-1]),
        ("cut-in-copy", "cut in a copy", varint(20) + literal(b"abcd") + copy_2(4, 16)[:2]),
        ("copy-offset-zero", "a copy with offset 0", varint(20) + literal(b"abcd") + copy_2(0, 16)),
        ("copy-before-start", "a copy from before the beginning", varint(20) + literal(b"abcd") + copy_2(5, 16)),
        ("copy-past-length", "a copy that makes more than the length says", varint(10) + literal(b"abcd") + copy_2(4, 16)),
        ("trailing-byte", "a byte behind the block", size + literal(INNER) + b"\0"),
        ("framed", "snappy's framing format, not a block", bytes(cramjam.snappy.compress(INNER))),
    ]
    return [
        *(_decode(f"snappy-bad-{name}", comment, data, fails("COMPRESSED"), config=codecs("snappy")) for name, comment, data in cases),
        *(
            _decode(
                f"snappy-unlisted-{name}",
                f"{comment}; the chain does not list snappy",
                data,
                gives(plain("binary/snappy", data)) if name in FOREIGN else fails("COMPRESSED"),
            )
            for name, comment, data in cases
        ),
        _decode(
            "snappy-content-not-a-payload",
            "decompresses, but to no protobuf message: another codec wrote it",
            snappy_block(b"no protobuf"),
            fails("PROTOBUF"),
            MADE,
            codecs("snappy"),
        ),
        Vector(
            "snappy-bad-second-of-two",
            HAND,
            "the index of the payload that fails",
            "decode",
            fails("COMPRESSED", 1),
            config=NOTHING,
            input=payloads(snappied(INNER), plain("binary/snappy", varint(20) + literal(b"abcd"))),
        ),
    ]


def _encodes() -> list[Vector]:
    made = "round trip"
    return [
        Vector(
            "snappy-round-trip",
            made,
            "worth it: compressed",
            "roundtrip",
            encodings("binary/snappy"),
            config=codecs("snappy"),
            input=payloads(ORDER),
        ),
        Vector(
            "snappy-round-trip-mixed",
            made,
            "each payload is decided for itself",
            "roundtrip",
            encodings("json/plain", "binary/snappy", None),
            config=codecs("snappy"),
            input=payloads(INNER, ORDER, b""),
        ),
        Vector(
            "snappy-keeps-small",
            made,
            "not smaller: the payload stays as it is",
            "encode",
            gives(INNER),
            config=codecs("snappy"),
            input=payloads(INNER),
        ),
        Vector(
            "snappy-keeps-below-min-size",
            made,
            "below min_size",
            "encode",
            gives(ORDER),
            config=document("codecs:\n  - snappy: { min_size: 2048 }"),
            input=payloads(ORDER),
        ),
    ]


FAMILY = Family("snappy.json", "binary/snappy: the block format.", [*_opens(), *_refused(), *_encodes()])
