"""`gzip`: RFC 1952, members and header fields included."""

from __future__ import annotations

import struct
import zlib

from builder.captured import inflating
from builder.configs import NOTHING, codecs, document
from builder.layers import INNER, ORDER, gzip_member, gzipped
from builder.vector import Expect, Family, Vector, encodings, fails, gives
from builder.wire import external, payloads, plain

HAND = "written by hand after RFC 1952"
FTEXT, FHCRC, FEXTRA, FNAME, FCOMMENT = 1, 2, 4, 8, 16

#: Streams that do not begin with a gzip header: a chain that does not list the codec takes them for another's.
FOREIGN = {"no-data", "empty-data", "magic-cut", "magic", "method", "zlib"}


def _decode(name: str, comment: str, data: bytes | None, expect: Expect, source: str = HAND, config: str = NOTHING) -> Vector:
    return Vector(name, source, comment, "decode", expect, config=config, input=payloads(plain("binary/gzip", data)))


def _with_header_crc(content: bytes, flags: int, extra: bytes, *, right: bool = True) -> bytes:
    flags |= FHCRC
    header = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, flags, 0, 0, 255) + extra
    crc = zlib.crc32(header) & 0xFFFF if right else 0xBEEF
    return gzip_member(content, flags=flags, extra=extra + struct.pack("<H", crc))


def _opens() -> list[Vector]:
    raw = inflating("raw-deflate", ORDER, -15)
    tiny = inflating("raw-deflate-inner", INNER, -15)
    extra = struct.pack("<H", 8) + b"tdc\0\x04\0ab"
    everything = extra + b"orders.json\0" + b"for the demo\0"
    inside = INNER + external(300_000)
    middle = len(ORDER) // 2
    tools = [(name, inflating(name, ORDER, 31)) for name in ("gzip-tool-file", "gzip-tool-fast", "gzip-tool-best")]
    return [
        *(_decode(name, "as the gzip command writes it", stream.data, gives(ORDER), stream.tool) for name, stream in tools),
        _decode("gzip-deflated", "a deflated member", gzip_member(ORDER, deflated=raw.data), gives(ORDER), raw.tool),
        _decode("gzip-tiny", "a tiny payload, fixed Huffman codes", gzip_member(INNER, deflated=tiny.data), gives(INNER), tiny.tool),
        _decode("gzip-stored", "a stored block", gzip_member(INNER), gives(INNER)),
        _decode("gzip-name", "with the original's file name", gzip_member(INNER, flags=FNAME, extra=b"orders.json\0"), gives(INNER)),
        _decode("gzip-comment", "with a comment", gzip_member(INNER, flags=FCOMMENT, extra=b"for the demo\0"), gives(INNER)),
        _decode("gzip-extra", "with an extra field", gzip_member(INNER, flags=FEXTRA, extra=extra), gives(INNER)),
        _decode("gzip-text-flag", "with the text flag", gzip_member(INNER, flags=FTEXT), gives(INNER)),
        _decode("gzip-header-crc", "with a checksum of the header", _with_header_crc(INNER, 0, b""), gives(INNER)),
        _decode(
            "gzip-all-header-fields",
            "with every header field",
            _with_header_crc(INNER, FTEXT | FEXTRA | FNAME | FCOMMENT, everything),
            gives(INNER),
        ),
        _decode(
            "gzip-two-members",
            "two members: their contents joined",
            gzip_member(ORDER[:middle]) + gzip_member(ORDER[middle:]),
            gives(ORDER),
        ),
        _decode("gzip-empty-member-first", "an empty member before the content", gzip_member(b"") + gzip_member(INNER), gives(INNER)),
        _decode(
            "gzip-empty-member-last",
            "an empty member behind the content, as bgzip writes",
            gzip_member(INNER) + gzip_member(b""),
            gives(INNER),
        ),
        _decode("gzip-empty-content", "the empty message is a payload", gzip_member(b""), gives(b"")),
        _decode("gzip-external-payloads", "external_payloads are inside and come out", gzip_member(inside), gives(inside)),
        Vector("gzip-twice", HAND, "a layer in a layer", "decode", gives(INNER), config=NOTHING, input=payloads(gzipped(gzipped(INNER)))),
    ]


def _refused() -> list[Vector]:
    good = gzip_member(INNER)
    cases: list[tuple[str, str, bytes | None]] = [
        ("no-data", "no data field", None),
        ("empty-data", "no bytes", b""),
        ("magic-cut", "half a magic number", good[:1]),
        ("magic", "one bit of the magic number flipped", b"\x1e" + good[1:]),
        ("method", "compression method 7", good[:2] + b"\x07" + good[3:]),
        ("reserved-flag", "a reserved flag is set: RFC 1952 says to refuse", gzip_member(INNER, flags=0x20)),
        ("header-cut", "the header is cut short", good[:9]),
        ("name-open", "the file name does not end", gzip_member(INNER, flags=FNAME)[:10] + b"orders.json"),
        ("extra-cut", "the extra field is cut short", gzip_member(INNER, flags=FEXTRA, extra=b"\xff\xff")),
        ("header-crc", "the header's checksum is wrong", _with_header_crc(INNER, 0, b"", right=False)),
        ("cut-in-block", "cut in the content", good[:30]),
        ("no-trailer", "no checksum", good[:-8]),
        ("trailer-cut", "the last byte is missing", good[:-1]),
        ("crc", "one bit of the checksum flipped", good[:-8] + bytes([good[-8] ^ 1]) + good[-7:]),
        ("length", "the length is wrong", good[:-4] + struct.pack("<I", len(INNER) + 1)),
        ("trailing-byte", "a byte behind the member", good + b"\0"),
        ("trailing-words", "words behind the member", good + b"and more"),
        ("second-member-cut", "the second member is cut short", good + good[:-3]),
        ("zlib", "a zlib stream under this encoding", b"\x78\x01" + good[10:-8] + struct.pack(">I", zlib.adler32(INNER))),
    ]
    return [
        *(_decode(f"gzip-bad-{name}", comment, data, fails("COMPRESSED"), config=codecs("gzip")) for name, comment, data in cases),
        *(
            _decode(
                f"gzip-unlisted-{name}",
                f"{comment}; the chain does not list gzip",
                data,
                gives(plain("binary/gzip", data)) if name in FOREIGN else fails("COMPRESSED"),
            )
            for name, comment, data in cases
        ),
        _decode(
            "gzip-content-not-a-payload",
            "decompresses, but to no protobuf message: another codec wrote it",
            gzip_member(b"no protobuf"),
            fails("PROTOBUF"),
            HAND,
            codecs("gzip"),
        ),
        Vector(
            "gzip-bad-second-of-two",
            HAND,
            "the index of the payload that fails",
            "decode",
            fails("COMPRESSED", 1),
            config=NOTHING,
            input=payloads(gzipped(INNER), plain("binary/gzip", good[:-1])),
        ),
    ]


def _encodes() -> list[Vector]:
    made = "round trip"
    return [
        Vector(
            "gzip-round-trip",
            made,
            "worth it: compressed",
            "roundtrip",
            encodings("binary/gzip"),
            config=codecs("gzip"),
            input=payloads(ORDER),
        ),
        Vector(
            "gzip-round-trip-level",
            made,
            "level 1",
            "roundtrip",
            encodings("binary/gzip"),
            config=document("codecs:\n  - gzip: { level: 1, min_size: 10 }"),
            input=payloads(ORDER),
        ),
        Vector(
            "gzip-round-trip-mixed",
            made,
            "each payload is decided for itself",
            "roundtrip",
            encodings("json/plain", "binary/gzip", None),
            config=codecs("gzip"),
            input=payloads(INNER, ORDER, b""),
        ),
        Vector(
            "gzip-keeps-small",
            made,
            "not smaller: the payload stays as it is",
            "encode",
            gives(INNER),
            config=codecs("gzip"),
            input=payloads(INNER),
        ),
        Vector(
            "gzip-keeps-below-min-size",
            made,
            "below min_size",
            "encode",
            gives(ORDER),
            config=document("codecs:\n  - gzip: { min_size: 2048 }"),
            input=payloads(ORDER),
        ),
    ]


FAMILY = Family("gzip.json", "binary/gzip: RFC 1952, as samples-python/external_storage writes it.", [*_opens(), *_refused(), *_encodes()])
