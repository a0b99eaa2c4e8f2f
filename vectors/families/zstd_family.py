"""`zstd`: one frame of RFC 8878 for each payload."""

from __future__ import annotations

import struct

import zstandard

from builder.captured import decompressing
from builder.configs import NOTHING, codecs, document
from builder.layers import INNER, ORDER, zstd_frame, zstd_streamed, zstded
from builder.vector import Expect, Family, Vector, encodings, fails, gives
from builder.wire import external, payloads, plain

MADE = f"PyPI zstandard (libzstd {'.'.join(map(str, zstandard.ZSTD_VERSION))})"
HAND = "written by hand after RFC 8878"
MAGIC = b"\x28\xb5\x2f\xfd"

#: Streams that do not begin with a zstd frame: a chain that does not list the codec takes them for another's.
FOREIGN = {"no-data", "empty-data", "magic-cut", "magic", "magicless", "skippable-only", "zlib"}


def _decode(name: str, comment: str, data: bytes | None, expect: Expect, source: str = MADE, config: str = NOTHING) -> Vector:
    return Vector(name, source, comment, "decode", expect, config=config, input=payloads(plain("binary/zstd", data)))


def raw_frame(content: bytes, descriptor: int = 0x20, sizes: bytes | None = None) -> bytes:
    """A frame of one raw block; by default a single segment with a content size of one byte."""
    header = bytes([len(content)]) if sizes is None else sizes
    return MAGIC + bytes([descriptor]) + header + struct.pack("<I", len(content) << 3 | 1)[:3] + content


def _opens() -> list[Vector]:
    levels = [
        _decode(f"zstd-level-{name}", f"level {n}", zstd_frame(ORDER, level=n), gives(ORDER))
        for name, n in [("minus-5", -5), ("1", 1), ("3", 3), ("9", 9), ("19", 19), ("22", 22)]
    ]
    inside = INNER + external(300_000)
    names = ("zstd-tool-file", "zstd-tool-stream", "zstd-tool-no-check", "zstd-tool-ultra", "zstd-tool-long")
    tools = [(name, decompressing(name, ORDER)) for name in names]
    return [
        *levels,
        *(_decode(name, "as the zstd command writes it", stream.data, gives(ORDER), stream.tool) for name, stream in tools),
        _decode("zstd-checksum", "with a checksum", zstd_frame(ORDER, checksum=True), gives(ORDER)),
        _decode("zstd-no-content-size", "without the content's size", zstd_frame(ORDER, size=False), gives(ORDER)),
        _decode(
            "zstd-no-content-size-checksum", "without the size, with a checksum", zstd_frame(ORDER, size=False, checksum=True), gives(ORDER)
        ),
        _decode("zstd-streamed", "many blocks, flushed one by one, no content size", zstd_streamed(ORDER), gives(ORDER)),
        _decode("zstd-tiny", "a tiny payload: larger than the original, but valid", zstd_frame(INNER), gives(INNER)),
        _decode("zstd-empty-content", "the empty message is a payload", zstd_frame(b""), gives(b"")),
        _decode("zstd-raw-block", "a raw block", raw_frame(INNER), gives(INNER), HAND),
        _decode(
            "zstd-window-256-mib",
            "asks for a window of 256 MiB, twice what the zstd command accepts: in one piece no frame needs one",
            raw_frame(INNER, 0x00, b"\x90"),
            gives(INNER),
            HAND,
        ),
        _decode(
            "zstd-window-1-gib",
            "asks for a window of 1 GiB: what it would need is not reserved",
            raw_frame(INNER, 0x00, b"\xa0"),
            gives(INNER),
            HAND,
        ),
        _decode("zstd-external-payloads", "external_payloads are inside and come out", zstd_frame(inside), gives(inside)),
        Vector("zstd-twice", MADE, "a layer in a layer", "decode", gives(INNER), config=NOTHING, input=payloads(zstded(zstded(INNER)))),
    ]


def _refused() -> list[Vector]:
    good = zstd_frame(ORDER)
    summed = zstd_frame(ORDER, checksum=True)
    unsized = zstd_frame(ORDER, size=False)
    dictionary = zstandard.ZstdCompressionDict(ORDER * 4, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    with_dictionary = zstandard.ZstdCompressor(dict_data=dictionary).compress(ORDER)
    skippable = b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"skip"
    cases: list[tuple[str, str, bytes | None]] = [
        ("no-data", "no data field", None),
        ("empty-data", "no bytes", b""),
        ("magic-cut", "half a magic number", MAGIC[:2]),
        ("magic", "one bit of the magic number flipped", b"\x29" + good[1:]),
        ("magicless", "a frame without its magic number", good[4:]),
        ("header-only", "a frame header and nothing behind it", good[:6]),
        ("cut", "cut in the middle", good[: len(good) // 2]),
        ("cut-last-byte", "the last byte is missing", good[:-1]),
        ("cut-unsized", "cut in the middle, no content size", unsized[:-5]),
        ("checksum", "one bit of the checksum flipped", summed[:-1] + bytes([summed[-1] ^ 1])),
        ("checksum-cut", "the checksum is missing", summed[:-4]),
        ("size-too-small", "the content is longer than the header says", raw_frame(INNER, sizes=bytes([len(INNER) - 1]))),
        ("size-too-large", "the content is shorter than the header says", raw_frame(INNER, sizes=bytes([len(INNER) + 1]))),
        ("reserved-block", "block type 3 is reserved", MAGIC + b"\x20\x01\x0f\x00\x00a"),
        ("reserved-bit", "the reserved bit of the header is set", raw_frame(INNER, 0x28)),
        ("dictionary-id", "needs a dictionary, which nobody has", raw_frame(INNER, 0x21, b"\x07" + bytes([len(INNER)]))),
        ("dictionary-content", "made with a dictionary without an id", with_dictionary),
        ("window-too-large", "asks for a window of 4 GiB, more than libzstd reads", raw_frame(INNER, 0x00, b"\xb0")),
        ("trailing-byte", "a byte behind the frame", good + b"\0"),
        ("two-frames", "a second frame behind the first", good + good),
        ("skippable-behind", "a skippable frame behind the first", good + skippable),
        ("skippable-only", "a skippable frame holds no content", skippable),
        ("zlib", "a zlib stream under this encoding", b"\x78\x01\x01\x00\x00\xff\xff\x00\x00\x00\x01"),
    ]
    return [
        *(_decode(f"zstd-bad-{name}", comment, data, fails("COMPRESSED"), config=codecs("zstd")) for name, comment, data in cases),
        *(
            _decode(
                f"zstd-unlisted-{name}",
                f"{comment}; the chain does not list zstd",
                data,
                gives(plain("binary/zstd", data)) if name in FOREIGN else fails("COMPRESSED"),
            )
            for name, comment, data in cases
        ),
        _decode(
            "zstd-content-not-a-payload",
            "decompresses, but to no protobuf message: another codec wrote it",
            zstd_frame(b"no protobuf"),
            fails("PROTOBUF"),
            MADE,
            codecs("zstd"),
        ),
        Vector(
            "zstd-bad-second-of-two",
            MADE,
            "the index of the payload that fails",
            "decode",
            fails("COMPRESSED", 1),
            config=NOTHING,
            input=payloads(zstded(INNER), plain("binary/zstd", good[:-1])),
        ),
    ]


def _encodes() -> list[Vector]:
    made = "round trip"
    return [
        Vector(
            "zstd-round-trip",
            made,
            "worth it: compressed",
            "roundtrip",
            encodings("binary/zstd"),
            config=codecs("zstd"),
            input=payloads(ORDER),
        ),
        Vector(
            "zstd-round-trip-level",
            made,
            "level 19",
            "roundtrip",
            encodings("binary/zstd"),
            config=document("codecs:\n  - zstd: { level: 19, min_size: 100 }"),
            input=payloads(ORDER),
        ),
        Vector(
            "zstd-round-trip-mixed",
            made,
            "each payload is decided for itself",
            "roundtrip",
            encodings("json/plain", "binary/zstd", None),
            config=codecs("zstd"),
            input=payloads(INNER, ORDER, b""),
        ),
        Vector(
            "zstd-keeps-small",
            made,
            "not smaller: the payload stays as it is",
            "encode",
            gives(INNER),
            config=codecs("zstd"),
            input=payloads(INNER),
        ),
        Vector(
            "zstd-keeps-below-min-size",
            made,
            "below min_size",
            "encode",
            gives(ORDER),
            config=document("codecs:\n  - zstd: { min_size: 2 KiB }"),
            input=payloads(ORDER),
        ),
    ]


FAMILY = Family("zstd.json", "binary/zstd: exactly one frame a payload.", [*_opens(), *_refused(), *_encodes()])
