"""MessagePack: the same values by Python's json and msgpack, and what does not fit.

Python's `msgpack` writes what it is given in the shortest form; what it cannot be made to write is bytes by hand.
"""

from __future__ import annotations

import json
import struct

import msgpack  # type: ignore[import-untyped]

from builder.configs import KEYS, NOTHING, document, limits
from builder.vector import Expect, Family, Vector, encodings, fails, gives
from builder.wire import payload, payloads, plain

SOURCE = "Python's json and msgpack"
SPEC = "the MessagePack specification"
CONFIG = document("converters: [null, bytes, msgpack]")
THEN_JSON = document("converters: [msgpack, json]")

VALUES: dict[str, object] = {
    "null": None,
    "booleans": [True, False],
    "integers": [n for k in (5, 7, 8, 15, 16, 31, 32, 53, 63) for n in (2**k - 1, 2**k, 2**k + 1, -(2**k) + 1, -(2**k)) if n >= -(2**63)],
    "integer-largest": 2**64 - 1,
    "integer-smallest": -(2**63),
    "floats": [0.5, 1.0, -1.5, 0.1, 1e300, 5e-324, 1.7976931348623157e308, 1e16, 123456.789e-7],
    "texts": ["", "a", "é\u2028", "😀", "\u0000\u001f\u007f", '"\\/', "x" * 31, "x" * 32, "x" * 255, "x" * 256],
    "arrays": [[], [1], [[[]]], list(range(15)), list(range(16)), [[0] * 16] * 17],
    "objects": {"b": 1, "a": {"z": {}, "y": []}, "": None},
    "object-16": {str(n): n for n in range(16)},
    "nested-long": [{"k": [{"l": list(range(20)), "m": "n"}] * 20, "o": {}}] * 16,
}


def _fits() -> list[Vector]:
    out = []
    for name, value in VALUES.items():
        packed = plain("binary/msgpack", msgpack.packb(value))
        ascii_text = json.dumps(value, indent=1).encode()
        compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        out += [
            Vector(
                f"msgpack-to-{name}",
                SOURCE,
                "pretty, and escaped to ASCII",
                "to_payload",
                gives(packed),
                CONFIG,
                payloads(plain("json/plain", ascii_text)),
            ),
            Vector(
                f"msgpack-to-{name}-raw",
                SOURCE,
                "compact, and in UTF-8",
                "to_payload",
                gives(packed),
                CONFIG,
                payloads(plain("json/plain", compact)),
            ),
        ]
        if _prints_alike(value):
            item = plain("json/plain", compact)
            out.append(
                Vector(f"msgpack-from-{name}", SOURCE, "compact, and in UTF-8", "from_payload", gives(item), NOTHING, payloads(packed))
            )
    return out


def _prints_alike(value: object) -> bool:
    """Python prints a float's exponent with a sign."""
    return value is not VALUES["floats"]


def _to(name: str, comment: str, text: bytes, packed: bytes) -> Vector:
    return Vector(
        f"msgpack-to-{name}",
        "docs/FORMAT.md",
        comment,
        "to_payload",
        gives(plain("binary/msgpack", packed)),
        CONFIG,
        payloads(plain("json/plain", text)),
    )


def _refused(name: str, comment: str, text: bytes, code: str = "VALUE") -> Vector:
    return Vector(f"msgpack-to-{name}", "docs/FORMAT.md", comment, "to_payload", fails(code), CONFIG, payloads(plain("json/plain", text)))


def _from(name: str, comment: str, packed: bytes, text: bytes, source: str = SPEC) -> Vector:
    return Vector(
        f"msgpack-from-{name}",
        source,
        comment,
        "from_payload",
        gives(plain("json/plain", text)),
        NOTHING,
        payloads(plain("binary/msgpack", packed)),
    )


def _broken(name: str, comment: str, packed: bytes, code: str = "MESSAGE_PACK") -> Vector:
    return Vector(f"msgpack-from-{name}", SPEC, comment, "from_payload", fails(code), NOTHING, payloads(plain("binary/msgpack", packed)))


def _float(value: float) -> bytes:
    return b"\xcb" + struct.pack(">d", value)


def _numbers() -> list[Vector]:
    return [
        _to("minus-zero", "no integer has the sign of -0", b"-0", _float(-0.0)),
        _to("point-zero", "a number with a fraction is a float, whatever it is worth", b"1.0", _float(1.0)),
        _to("exponent", "so is one with an exponent", b"1e2", _float(100.0)),
        _to("underflow", "too small for a float: the nearest one", b"1e-400", _float(0.0)),
        _to("digits", "more digits than a float has: the nearest one", b"0.10000000000000000000000000001", _float(0.1)),
        _to("go-1e20", "a float as Go and JavaScript print it", b"100000000000000000000", _float(1e20)),
        _to("go-2-64", "2^64, exactly a float", b"18446744073709551616", _float(2.0**64)),
        _to(
            "js-shortest",
            "an integer past 64 bits whose digits are a float's shortest form",
            b"123456789012345680000",
            _float(123456789012345680000.0),
        ),
        _refused("past-64-bits", "an integer past 64 bits would lose digits", b"[1,18446744073709551617]"),
        _refused("below-64-bits", "so would a negative one", b"-9223372036854775809"),
        _refused("overflow", "too large for a float", b"1e309"),
        _refused("half-surrogate", "half a surrogate pair has no UTF-8", b'{"a":"\\ud800"}'),
        _refused("half-surrogate-second", "neither has the second half", b'"\\udc00\\ud800"'),
        _refused("nan", "NaN is not JSON", b"NaN", "JSON"),
        _to("duplicates", "two members of one name stay two", b'{"a":1,"a":2}', b"\x82\xa1a\x01\xa1a\x02"),
        Vector(
            "msgpack-to-unfit-goes-on",
            "docs/FORMAT.md",
            "a value that does not fit is the next converter's",
            "to_payload",
            gives(plain("json/plain", b"18446744073709551617")),
            THEN_JSON,
            payloads(plain("json/plain", b"18446744073709551617")),
        ),
        Vector(
            "msgpack-to-metadata",
            "docs/FORMAT.md",
            "other metadata is kept",
            "to_payload",
            gives(payload({"encoding": b"binary/msgpack", "k": b"v"}, b"\x01")),
            CONFIG,
            payloads(payload({"k": b"v", "encoding": b"json/plain"}, b"1")),
        ),
        Vector(
            "msgpack-to-host",
            "docs/FORMAT.md",
            "a host that made MessagePack itself passes it as it is",
            "to_payload",
            gives(plain("binary/msgpack", b"\xd3\x00\x00\x00\x00\x00\x00\x00\x01")),
            CONFIG,
            payloads(plain("binary/msgpack", b"\xd3\x00\x00\x00\x00\x00\x00\x00\x01")),
        ),
        Vector(
            "msgpack-to-host-broken",
            "docs/FORMAT.md",
            "but it must be MessagePack",
            "to_payload",
            fails("MESSAGE_PACK"),
            CONFIG,
            payloads(plain("binary/msgpack", b"\x92\x01")),
        ),
        Vector(
            "msgpack-to-host-unfit",
            "docs/FORMAT.md",
            "and come out as JSON",
            "to_payload",
            fails("VALUE"),
            CONFIG,
            payloads(plain("binary/msgpack", b"\x81\x01\x01")),
        ),
    ]


def _readings() -> list[Vector]:
    return [
        _from(
            "wide-integers",
            "integers in longer forms than needed",
            b"\x94\xcc\x01\xd0\x01\xd1\xff\xff\xcf\x00\x00\x00\x00\x00\x00\x00\x00",
            b"[1,1,-1,0]",
        ),
        _from("float32", "a float of 32 bits is its value in 64", b"\xca\x3d\xcc\xcc\xcd", b"0.10000000149011612"),
        _from("float-whole", "a float stays one", _float(1.0), b"1.0"),
        _from("float-minus-zero", "a float keeps its sign", _float(-0.0), b"-0.0"),
        _from("float-1e20", "the shortest form", _float(1e20), b"1e20"),
        _from("float-small", "the shortest form", _float(1.5e-7), b"1.5e-7"),
        _from("wide-text", "a text with a longer header than needed", b"\xdb\x00\x00\x00\x01a", b'"a"'),
        _from("wide-array", "an array with a longer header than needed", b"\xdc\x00\x01\xc0", b"[null]"),
        _from("wide-map", "a map with a longer header than needed", b"\xdf\x00\x00\x00\x01\xa1a\xc0", b'{"a":null}'),
        _from("bytes", "bytes are base64 text", b"\xc4\x03\xfb\xff\x00", b'"+/8A"'),
        _from("bytes-empty", "no bytes are an empty text", b"\xc5\x00\x00", b'""'),
        _from("deepest", "1000 levels", b"\x91" * 999 + b"\x90", b"[" * 1000 + b"]" * 1000),
        _broken("empty", "nothing", b""),
        _broken("two", "two values", b"\x01\x02"),
        _broken("c1", "a byte that begins nothing", b"\xc1"),
        _broken("text-cut", "a text cut short", b"\xa5ab"),
        _broken("text-not-utf-8", "a text that is not UTF-8", b"\xa1\xff"),
        _broken("text-4-gib", "a text that claims 4 GiB", b"\xdb\xff\xff\xff\xffab"),
        _broken("bytes-4-gib", "bytes that claim 4 GiB", b"\xc6\xff\xff\xff\xff"),
        _broken("array-bomb", "an array that claims 2^32 - 1 items", b"\xdd\xff\xff\xff\xff\x01"),
        _broken("map-bomb", "a map that claims 2^32 - 1 pairs", b"\xdf\xff\xff\xff\xff\xa1a\x01"),
        _broken("array-short", "an array with too few items", b"\x93\x01\x02"),
        _broken("map-half", "a key without its value", b"\x81\xa1a"),
        _broken("integer-cut", "an integer cut short", b"\xcf\x00\x00"),
        _broken("too-deep", "1001 levels", b"\x91" * 1000 + b"\x90", "LIMIT"),
        _broken("key-integer", "JSON has no integer keys", b"\x81\x01\x01", "VALUE"),
        _broken("key-bytes", "JSON has no keys of bytes", b"\x81\xc4\x01a\x01", "VALUE"),
        _broken("timestamp", "JSON has no extension types", b"\xd6\xff\x00\x00\x00\x00", "VALUE"),
        _broken("extension", "JSON has no extension types", b"\xc7\x01\x05a", "VALUE"),
        _broken("nan", "JSON has no NaN", _float(float("nan")), "VALUE"),
        _broken("infinity", "JSON has no infinity", b"\xca\xff\x80\x00\x00", "VALUE"),
        Vector(
            "msgpack-from-limit",
            "made up",
            "what comes out is limited",
            "from_payload",
            fails("LIMIT"),
            limits("max_decoded_bytes: 100"),
            payloads(plain("binary/msgpack", b"\xdc\x00\x1e" + b"\xc0" * 30)),
        ),
    ]


def _chain() -> list[Vector]:
    codec, canonical = document("codecs: [msgpack]"), document("codecs: [json: { canonical: true }]")
    sealed = document(KEYS, "codecs: [msgpack, zlib, encrypt]")
    item = payload({"a": b"1", "encoding": b"json/plain"}, b'{"b":[1,2,3],"c":"d"}')
    packed = payload({"a": b"1", "encoding": b"binary/msgpack"}, msgpack.packb({"b": [1, 2, 3], "c": "d"}))
    grows = plain("json/plain", b"[" + b"-0," * 20 + b"-0]")
    kept = {
        "not-json": plain("json/plain", b"NaN"),
        "unfit": plain("json/plain", b"18446744073709551617"),
        "grows": grows,
        "other": plain("binary/plain", b"1"),
        "no-encoding": payload({}, b"1"),
    }

    def one(name: str, comment: str, operation: str, expect: Expect, config: str, item: bytes) -> Vector:
        return Vector(f"msgpack-codec-{name}", "docs/FORMAT.md", comment, operation, expect, config, payloads(item))

    return [
        one("encode", "JSON becomes MessagePack, and other metadata stays", "encode", gives(packed), codec, item),
        one("decode", "MessagePack becomes JSON, whatever the list says", "decode", gives(item), NOTHING, packed),
        one("layers", "behind compression and encryption", "roundtrip", encodings("binary/encrypted"), sealed, item),
        one(
            "decode-unfit",
            "what JSON cannot say is another's",
            "decode",
            gives(plain("binary/msgpack", b"\x81\x01\x01")),
            codec,
            plain("binary/msgpack", b"\x81\x01\x01"),
        ),
        one("decode-broken", "what is malformed is an error", "decode", fails("MESSAGE_PACK"), codec, plain("binary/msgpack", b"\x92\x01")),
        one("decode-empty", "no data is malformed too", "decode", fails("MESSAGE_PACK"), codec, plain("binary/msgpack")),
        *(
            one(
                f"decode-{name}-unlisted",
                "the chain does not list msgpack: it is another codec's",
                "decode",
                gives(plain("binary/msgpack", data)),
                NOTHING,
                plain("binary/msgpack", data),
            )
            for name, data in [("broken", b"\x92\x01"), ("empty", None)]
        ),
        one(
            "canonical",
            "JSON in its canonical form",
            "encode",
            gives(plain("json/plain", b'{"a":1,"b":2}')),
            canonical,
            plain("json/plain", b'{"b":2, "a":1.0}'),
        ),
        *(one(f"keeps-{name}", "stays as it is", "encode", gives(item), codec, item) for name, item in kept.items()),
    ]


FAMILY = Family("msgpack.json", "MessagePack, as converter and in the codec chain.", [*_fits(), *_numbers(), *_readings(), *_chain()])
