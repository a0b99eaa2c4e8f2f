"""`encrypt` in the form of the Go, Python and TypeScript samples: what opens, and what must not."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from builder.configs import KEYS_ONLY, NOTHING, TWO_KEYS_AND_ENCRYPT
from builder.layers import (
    INNER,
    KEY,
    KEY_ID,
    OTHER_KEY,
    OTHER_KEY_ID,
    OTHER_NONCE,
    encrypted,
    encrypted_metadata,
    seal,
)
from builder.vector import Expect, Family, Vector, encodings, fails, gives
from builder.wire import external, number_field, payload, payloads, plain

MADE = "PyPI cryptography (AESGCM)"
SEALED = seal(INNER)


def _with_data(data: bytes | None) -> bytes:
    return payload(encrypted_metadata(), data)


def _decode(name: str, comment: str, item: bytes, expect: Expect, **more: str) -> Vector:
    return Vector(name, MADE, comment, "decode", expect, input=payloads(item), **more)


def _flip(data: bytes, at: int, bit: int = 0) -> bytes:
    out = bytearray(data)
    out[at] ^= 1 << bit
    return bytes(out)


def _opens() -> list[Vector]:
    sealed_other = encrypted(INNER, OTHER_KEY, OTHER_KEY_ID, OTHER_NONCE)
    extra = {"encoding": b"binary/encrypted", "encryption-key-id": KEY_ID.encode(), "zz-team": b"orders"}
    bare = plain("binary/null")
    return [
        _decode("encrypt-second-key", "every key of the ring opens", sealed_other, gives(INNER), config=TWO_KEYS_AND_ENCRYPT),
        _decode("encrypt-decode-only", "decode follows the payload, not the codecs list", encrypted(INNER), gives(INNER), config=KEYS_ONLY),
        _decode("encrypt-zero-nonce", "any nonce opens", encrypted(INNER, nonce=bytes(12)), gives(INNER)),
        _decode("encrypt-null", "a payload without data", encrypted(bare), gives(bare)),
        _decode(
            "encrypt-empty-payload", "the empty message is a payload: 28 bytes of data, the fewest there can be", encrypted(b""), gives(b"")
        ),
        _decode(
            "encrypt-reversed-metadata",
            "the order of the metadata entries says nothing: SDKs write maps in any order",
            payload([("encryption-key-id", KEY_ID.encode()), ("encoding", b"binary/encrypted")], SEALED),
            gives(INNER),
        ),
        _decode(
            "encrypt-data-before-metadata",
            "fields may come in any order",
            payload({}, SEALED) + payload(encrypted_metadata()),
            gives(INNER),
        ),
        _decode("encrypt-other-metadata", "other metadata keys do not disturb", payload(extra, SEALED), gives(INNER)),
        _decode("encrypt-twice", "two layers of the same codec", encrypted(encrypted(INNER), nonce=OTHER_NONCE), gives(INNER)),
        _decode(
            "encrypt-twice-two-keys",
            "each layer names its own key",
            encrypted(encrypted(INNER), OTHER_KEY, OTHER_KEY_ID),
            gives(INNER),
            config=TWO_KEYS_AND_ENCRYPT,
        ),
        _decode(
            "encrypt-external-payloads-inside",
            "external_payloads and unknown fields of the plaintext come out again",
            encrypted(INNER + external(300_000) + number_field(50, 7)),
            gives(INNER + external(300_000) + number_field(50, 7)),
        ),
        _decode(
            "encrypt-many-metadata-keys-inside",
            "the plaintext's entries keep their order",
            encrypted(payload([(f"key-{n:02}", bytes([n])) for n in reversed(range(40))], b"x")),
            gives(payload([(f"key-{n:02}", bytes([n])) for n in reversed(range(40))], b"x")),
        ),
        _decode(
            "encrypt-length-one-byte-short-of-two-byte-varint",
            "127 bytes of plaintext: the length of data is where varints grow",
            encrypted(plain("binary/plain", bytes(99))),
            gives(plain("binary/plain", bytes(99))),
        ),
        _decode(
            "encrypt-many-blocks",
            "4 KiB: many blocks of the cipher",
            encrypted(plain("binary/plain", bytes(n & 255 for n in range(4096)))),
            gives(plain("binary/plain", bytes(n & 255 for n in range(4096)))),
        ),
    ]


def _flips() -> list[Vector]:
    out = []
    regions = {"nonce": range(12), "ciphertext": range(12, len(SEALED) - 16), "tag": range(len(SEALED) - 16, len(SEALED))}
    for region, span in regions.items():
        places = {"first": span.start, "middle": (span.start + span.stop) // 2, "last": span.stop - 1}
        for bit, (place, at) in enumerate(places.items()):
            out.append(
                _decode(
                    f"encrypt-flipped-{region}-{place}",
                    f"one bit of the {region} flipped, byte {at} of data",
                    _with_data(_flip(SEALED, at, bit * 3)),
                    fails("AUTHENTICATION"),
                )
            )
    key_id = _flip(KEY_ID.encode(), 3)
    encoding = _flip(b"binary/encrypted", 15)
    changed = payload({"encoding": encoding, "encryption-key-id": KEY_ID.encode()}, SEALED)
    return [
        *out,
        _decode(
            "encrypt-flipped-key-id", "one bit of the key id flipped", payload(encrypted_metadata(key_id), SEALED), fails("KEY_UNKNOWN")
        ),
        _decode("encrypt-flipped-encoding", "one bit of the encoding flipped: not ours, left alone", changed, gives(changed)),
    ]


def _refused() -> list[Vector]:
    nonce, sealed = SEALED[:12], SEALED[12:]
    lengths = [("empty-data", 0), ("nonce-cut", 11), ("nonce-only", 12), ("one-byte-short", 27)]
    return [
        *(
            _decode(f"encrypt-{name}", f"{n} bytes of data: fewer than 28", _with_data(SEALED[:n]), fails("CIPHERTEXT"))
            for name, n in lengths
        ),
        _decode("encrypt-no-data", "no data field", _with_data(None), fails("CIPHERTEXT")),
        _decode("encrypt-tag-cut", "the last byte of the tag is missing", _with_data(SEALED[:-1]), fails("AUTHENTICATION")),
        _decode(
            "encrypt-28-zero-bytes", "the fewest bytes there can be, and no tag of any key", _with_data(bytes(28)), fails("AUTHENTICATION")
        ),
        _decode("encrypt-byte-added", "one byte behind the tag", _with_data(SEALED + b"\0"), fails("AUTHENTICATION")),
        _decode(
            "encrypt-tag-first",
            "nonce, tag, ciphertext: another library's layout",
            _with_data(nonce + sealed[-16:] + sealed[:-16]),
            fails("AUTHENTICATION"),
        ),
        _decode(
            "encrypt-nonce-last", "ciphertext, tag, nonce: another library's layout", _with_data(sealed + nonce), fails("AUTHENTICATION")
        ),
        _decode(
            "encrypt-associated-data",
            "sealed with associated data: the format has none",
            encrypted(INNER, associated=b"orders"),
            fails("AUTHENTICATION"),
        ),
        _decode(
            "encrypt-aes-128",
            "sealed with AES-128 and the first half of the key",
            _with_data(nonce + AESGCM(KEY[:16]).encrypt(nonce, INNER, None)),
            fails("AUTHENTICATION"),
        ),
        _decode(
            "encrypt-chacha20",
            "sealed with ChaCha20-Poly1305 and the same key",
            _with_data(nonce + ChaCha20Poly1305(KEY).encrypt(nonce, INNER, None)),
            fails("AUTHENTICATION"),
        ),
        _decode("encrypt-wrong-key", "sealed with another key under this key's id", encrypted(INNER, OTHER_KEY), fails("AUTHENTICATION")),
        _decode("encrypt-plaintext-not-a-payload", "authentic, but no protobuf message", encrypted(b"no protobuf"), fails("PROTOBUF")),
        _decode("encrypt-plaintext-cut", "authentic, but the payload inside is cut short", encrypted(INNER[:-1]), fails("PROTOBUF")),
        _decode("encrypt-unknown-key", "a key id that is not in the ring", encrypted(INNER, OTHER_KEY, OTHER_KEY_ID), fails("KEY_UNKNOWN")),
        _decode(
            "encrypt-no-keys",
            "an encrypted payload under a config without any key source is another's, and left alone",
            encrypted(INNER),
            gives(encrypted(INNER)),
            config=NOTHING,
        ),
        _decode("encrypt-empty-key-id", "an empty key id", payload(encrypted_metadata(b""), SEALED), fails("CIPHERTEXT")),
        _decode("encrypt-no-key-id", "no key id", plain("binary/encrypted", SEALED), fails("CIPHERTEXT")),
        _decode(
            "encrypt-key-id-case",
            "key ids are compared as bytes",
            payload(encrypted_metadata(b"Test-Key-Id"), SEALED),
            fails("KEY_UNKNOWN"),
        ),
        _decode(
            "encrypt-key-id-with-space",
            "a key id is not trimmed",
            payload(encrypted_metadata(b"test-key-id "), SEALED),
            fails("KEY_UNKNOWN"),
        ),
        _decode(
            "encrypt-key-id-not-utf8",
            "metadata values are bytes: an id that is no text is an unknown one",
            payload(encrypted_metadata(b"\xff\xfe"), SEALED),
            fails("KEY_UNKNOWN"),
        ),
        _decode(
            "encrypt-key-id-long",
            "an id of 5 000 bytes is an unknown one",
            payload(encrypted_metadata(b"k" * 5_000), SEALED),
            fails("KEY_UNKNOWN"),
        ),
        Vector(
            "encrypt-second-of-three-fails",
            MADE,
            "the index of the payload that fails, and nothing comes out",
            "decode",
            fails("AUTHENTICATION", 1),
            input=payloads(INNER, _with_data(bytes(28)), encrypted(INNER)),
        ),
        Vector(
            "encrypt-lowest-index-is-told",
            MADE,
            "two payloads fail: the first is named",
            "decode",
            fails("KEY_UNKNOWN", 1),
            input=payloads(encrypted(INNER), encrypted(INNER, OTHER_KEY, OTHER_KEY_ID), _with_data(b"")),
        ),
        Vector(
            "encrypt-inner-layer-fails",
            MADE,
            "the outer layer opens, the inner does not",
            "decode",
            fails("AUTHENTICATION"),
            input=payloads(encrypted(_with_data(bytes(40)))),
        ),
    ]


def _left_alone() -> list[Vector]:
    names = {
        "upper-case": "BINARY/ENCRYPTED",
        "trailing-space": "binary/encrypted ",
        "prefix": "binary/encrypt",
        "suffix": "binary/encrypted-v2",
        "trailing-nul": "binary/encrypted\0",
    }
    out = []
    for name, encoding in names.items():
        item = payload({"encoding": encoding.encode(), "encryption-key-id": KEY_ID.encode()}, SEALED)
        out.append(_decode(f"encrypt-encoding-{name}", "encodings are compared as bytes: not ours, left alone", item, gives(item)))
    key_case = payload({"Encoding": b"binary/encrypted", "encryption-key-id": KEY_ID.encode()}, SEALED)
    return [*out, _decode("encrypt-metadata-key-case", "metadata keys are compared as bytes: no encoding here", key_case, gives(key_case))]


def _round_trips() -> list[Vector]:
    made = "round trip"
    bodies = {
        "null": plain("binary/null"),
        "empty": b"",
        "no-metadata": payload({}, b"x"),
        "string": INNER,
        "external": INNER + external(1) + external(2**40),
        "unknown-fields": INNER + number_field(1000, 5),
        "own-encoding": plain("acme/rot13", b"uryyb"),
        "large": plain("binary/plain", bytes(20_000)),
    }
    out = [
        Vector(
            f"encrypt-round-trip-{name}",
            made,
            "sealed and opened again: the same bytes",
            "roundtrip",
            encodings("binary/encrypted"),
            input=payloads(item),
        )
        for name, item in bodies.items()
    ]
    return [
        *out,
        Vector(
            "encrypt-round-trip-many",
            made,
            "five payloads, each sealed for itself",
            "roundtrip",
            encodings(*["binary/encrypted"] * 5),
            config=TWO_KEYS_AND_ENCRYPT,
            input=payloads(*list(bodies.values())[:5]),
        ),
        Vector("encrypt-round-trip-none", made, "no payloads", "roundtrip", encodings(), input=b""),
        Vector(
            "encrypt-encode-malformed",
            made,
            "encode reads the payload too: it must be one",
            "encode",
            fails("PROTOBUF", 1),
            input=payloads(INNER, b"\x12\x05ab"),
        ),
    ]


FAMILY = Family(
    "encrypt.json",
    "AES-256-GCM in the form of the Go, Python and TypeScript samples: data = nonce(12), ciphertext, tag(16), no associated data.",
    [*_opens(), *_flips(), *_refused(), *_left_alone(), *_round_trips()],
)
