"""Chains: encode follows the list, decode follows the payload, so that a chain can change under running workflows."""

from __future__ import annotations

from builder.configs import KEYS, KEYS_AND_ENCRYPT, KEYS_ONLY, NOTHING, REQUIRED, document
from builder.layers import INNER, ORDER, OTHER_NONCE, encrypted, gzipped, snappied, zlibbed, zstded
from builder.vector import Family, Vector, encodings, fails, gives
from builder.wire import entry, payloads, plain

OLD = "written under an older chain: zlib by hand, zstd, snappy and AES-GCM by PyPI packages"
ZLIB_ENCRYPT = document(KEYS, "codecs: [zlib, encrypt]")
ZSTD_ENCRYPT = document(KEYS, "codecs:\n  - zstd: { level: 3 }\n  - encrypt")
REQUIRED_ZLIB = document(KEYS, "codecs:\n  - zlib\n  - encrypt: { required: true }")

CONFIGS = {"zlib-encrypt": ZLIB_ENCRYPT, "zstd-encrypt": ZSTD_ENCRYPT, "encrypt": KEYS_AND_ENCRYPT, "no-codecs": KEYS_ONLY}
PAYLOADS = {
    "zlib-encrypt": encrypted(zlibbed(ORDER)),
    "zstd-encrypt": encrypted(zstded(ORDER)),
    "snappy-encrypt": encrypted(snappied(ORDER)),
    "gzip-encrypt": encrypted(gzipped(ORDER)),
    "encrypt": encrypted(ORDER),
    "encrypt-zlib": zlibbed(encrypted(ORDER)),
    "zlib": zlibbed(ORDER),
}


def _crosses() -> list[Vector]:
    out = []
    for written, item in PAYLOADS.items():
        for reader, config in CONFIGS.items():
            out.append(
                Vector(
                    f"chain-{written}-read-by-{reader}",
                    OLD,
                    f"written by [{written}], opened under [{reader}]: decode follows the payload",
                    "decode",
                    gives(ORDER),
                    config=config,
                    input=payloads(item),
                )
            )
    return out


def _mixed() -> list[Vector]:
    everything = encrypted(zlibbed(zstded(snappied(gzipped(encrypted(INNER, nonce=OTHER_NONCE))))))
    unknown = plain("acme/rot13", b"uryyb")
    unknown_outside = plain("acme/box", encrypted(INNER))
    made = "made up"
    return [
        Vector(
            "chain-all-ages-in-one-call",
            OLD,
            "one call with payloads of every chain there ever was",
            "decode",
            gives(*[ORDER] * len(PAYLOADS), ORDER),
            config=ZSTD_ENCRYPT,
            input=payloads(*PAYLOADS.values(), ORDER),
        ),
        Vector(
            "chain-every-layer",
            OLD,
            "six layers, each of another kind",
            "decode",
            gives(INNER),
            config=KEYS_ONLY,
            input=payloads(everything),
        ),
        Vector(
            "chain-stops-at-unknown-encoding",
            made,
            "what is inside carries an unknown encoding: it is left as it is",
            "decode",
            gives(unknown),
            config=ZLIB_ENCRYPT,
            input=payloads(encrypted(zlibbed(unknown))),
        ),
        Vector(
            "chain-unknown-encoding-outside",
            made,
            "an unknown layer outside: nothing inside is looked for",
            "decode",
            gives(unknown_outside),
            config=ZLIB_ENCRYPT,
            input=payloads(unknown_outside),
        ),
        Vector(
            "chain-no-metadata-inside",
            made,
            "what is inside has no encoding at all",
            "decode",
            gives(b"\x12\x01x"),
            config=ZLIB_ENCRYPT,
            input=payloads(encrypted(b"\x12\x01x")),
        ),
        Vector(
            "chain-encoding-last-wins-inside",
            made,
            "the inner payload names two encodings: the last counts",
            "decode",
            gives(entry("encoding", b"binary/zlib") + entry("encoding", b"json/plain")),
            config=ZLIB_ENCRYPT,
            input=payloads(encrypted(entry("encoding", b"binary/zlib") + entry("encoding", b"json/plain"))),
        ),
        Vector(
            "chain-inner-compressed-broken",
            made,
            "the outer layer opens, the inner is malformed",
            "decode",
            fails("COMPRESSED"),
            config=ZLIB_ENCRYPT,
            input=payloads(encrypted(plain("binary/zlib", b"\x78"))),
        ),
        Vector(
            "chain-inner-key-unknown",
            made,
            "the outer layer opens, the key of the inner is unknown",
            "decode",
            fails("KEY_UNKNOWN"),
            config=ZLIB_ENCRYPT,
            input=payloads(zlibbed(encrypted(INNER, key_id="gone"))),
        ),
    ]


def _required() -> list[Vector]:
    made = "made up"
    return [
        Vector(
            "required-encrypted",
            made,
            "an encrypted payload opens",
            "decode",
            gives(INNER),
            config=REQUIRED,
            input=payloads(encrypted(INNER)),
        ),
        Vector(
            "required-plain", made, "a plain payload is refused", "decode", fails("NOT_ENCRYPTED"), config=REQUIRED, input=payloads(INNER)
        ),
        Vector(
            "required-null",
            made,
            "a null payload is refused as well: anybody could have put it there",
            "decode",
            fails("NOT_ENCRYPTED"),
            config=REQUIRED,
            input=payloads(plain("binary/null")),
        ),
        Vector(
            "required-empty",
            made,
            "the empty payload is refused as well",
            "decode",
            fails("NOT_ENCRYPTED"),
            config=REQUIRED,
            input=payloads(b""),
        ),
        Vector("required-none", made, "no payloads: nothing to refuse", "decode", gives(), config=REQUIRED, input=b""),
        Vector(
            "required-second",
            made,
            "the index of the payload that was not encrypted",
            "decode",
            fails("NOT_ENCRYPTED", 1),
            config=REQUIRED,
            input=payloads(encrypted(INNER), INNER),
        ),
        Vector(
            "required-compressed-only",
            made,
            "compressed is not encrypted",
            "decode",
            fails("NOT_ENCRYPTED"),
            config=REQUIRED_ZLIB,
            input=payloads(zlibbed(ORDER)),
        ),
        Vector(
            "required-encrypted-inside",
            made,
            "an encrypted layer inside a compressed one counts",
            "decode",
            gives(INNER),
            config=REQUIRED_ZLIB,
            input=payloads(zlibbed(encrypted(INNER))),
        ),
        Vector(
            "required-unknown-encoding",
            made,
            "an unknown encoding is not encrypted, as far as anybody knows",
            "decode",
            fails("NOT_ENCRYPTED"),
            config=REQUIRED,
            input=payloads(plain("acme/box", b"x")),
        ),
        Vector(
            "required-broken-stays-broken",
            made,
            "a broken encrypted payload is told as that",
            "decode",
            fails("CIPHERTEXT"),
            config=REQUIRED,
            input=payloads(plain("binary/encrypted", b"x")),
        ),
        Vector(
            "required-false",
            made,
            "required: false lets plain payloads pass",
            "decode",
            gives(INNER),
            config=document(KEYS, "codecs:\n  - encrypt: { required: false }"),
            input=payloads(INNER),
        ),
        Vector(
            "required-round-trip",
            made,
            "encode is not concerned",
            "roundtrip",
            encodings("binary/encrypted"),
            config=REQUIRED_ZLIB,
            input=payloads(ORDER),
        ),
    ]


def _encodes() -> list[Vector]:
    made = "round trip"
    out = [
        Vector(
            f"chain-round-trip-{name}",
            made,
            f"encode by [{', '.join(codecs)}]: the last codec is the outermost layer",
            "roundtrip",
            encodings(outer, outer),
            config=document(KEYS, f"codecs: [{', '.join(codecs)}]"),
            input=payloads(ORDER, INNER),
        )
        for name, codecs, outer in [
            ("zlib-encrypt", ["zlib", "encrypt"], "binary/encrypted"),
            ("zstd-encrypt", ["zstd", "encrypt"], "binary/encrypted"),
            ("snappy-encrypt", ["snappy", "encrypt"], "binary/encrypted"),
            ("gzip-encrypt", ["gzip", "encrypt"], "binary/encrypted"),
            ("all-encrypt", ["snappy", "gzip", "zlib", "zstd", "encrypt"], "binary/encrypted"),
        ]
    ]
    return [
        *out,
        Vector(
            "chain-round-trip-two-compressions",
            made,
            "the second finds nothing left and keeps what the first made",
            "roundtrip",
            encodings("binary/zlib"),
            config=document("codecs: [zlib, zstd]"),
            input=payloads(ORDER),
        ),
        Vector(
            "chain-codecs-empty-list",
            made,
            "an empty list encodes nothing",
            "encode",
            gives(ORDER, INNER),
            config=document("codecs: []"),
            input=payloads(ORDER, INNER),
        ),
        Vector(
            "chain-codecs-absent",
            made,
            "no list encodes nothing",
            "encode",
            gives(ORDER, INNER),
            config=NOTHING,
            input=payloads(ORDER, INNER),
        ),
        Vector(
            "chain-keys-without-encrypt",
            made,
            "keys alone encrypt nothing",
            "encode",
            gives(INNER),
            config=KEYS_ONLY,
            input=payloads(INNER),
        ),
    ]


FAMILY = Family("chain.json", "Chains of codecs, and what `required` refuses.", [*_crosses(), *_mixed(), *_required(), *_encodes()])
