"""What other codecs write under the names of our layers: an error where the chain lists the codec, left alone where it does not."""

from __future__ import annotations

from collections.abc import Callable

from builder.configs import KEYS, KEYS_AND_ENCRYPT, KEYS_ONLY, NOTHING, REQUIRED, codecs, document
from builder.layers import (
    INNER,
    KEY_ID,
    NONCE,
    ORDER,
    encrypted,
    encrypted_java,
    encrypted_metadata,
    gzip_member,
    gzipped,
    seal,
    snappied,
    snappy_block,
    zlib_stored,
    zlibbed,
    zstd_frame,
    zstded,
)
from builder.vector import Expect, Family, Vector, encodings, fails, gives
from builder.wire import delimited, external, number_field, payload, payloads, plain

SOURCE = "made up: what codecs that put the data alone into their stream write, such as Temporal's first zlib samples"
RULE = "docs/FORMAT.md"

#: What such a codec puts into its stream. The digits are well-formed protobuf: field 6, eight bytes.
CONTENTS = {
    "digits": b"123456789",
    "json": b'"Testing"',
    "object": b'{"order":"2026-11-0042"}',
    "text": b"hello, world",
    "unknown-fields": number_field(50, 7),
    "field-1-other-type": number_field(1, 7),
}
LAYERS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": lambda content: plain("binary/zlib", zlib_stored(content)),
    "zstd": lambda content: plain("binary/zstd", zstd_frame(content)),
    "snappy": lambda content: plain("binary/snappy", snappy_block(content)),
    "gzip": lambda content: plain("binary/gzip", gzip_member(content)),
    "encrypt": encrypted,
}
LISTED = {
    "zlib": codecs("zlib"),
    "zstd": codecs("zstd"),
    "snappy": codecs("snappy"),
    "gzip": codecs("gzip"),
    "encrypt": KEYS_AND_ENCRYPT,
    "msgpack": codecs("msgpack"),
}
UNLISTED = {name: KEYS_ONLY if name == "encrypt" else NOTHING for name in LISTED}
ENCODINGS = {name: "binary/encrypted" if name == "encrypt" else f"binary/{name}" for name in LISTED}
OURS = {"zlib": zlibbed, "zstd": zstded, "snappy": snappied, "gzip": gzipped, "encrypt": encrypted}
ENCRYPTED = [("encoding", b"binary/encrypted"), ("encryption-key-id", KEY_ID.encode())]
#: No header of any format, and no block of snappy's.
BARE = b"{}"


def _one(name: str, comment: str, operation: str, expect: Expect, config: str, *items: bytes, source: str = SOURCE) -> Vector:
    return Vector(f"foreign-{name}", source, comment, operation, expect, config=config, input=payloads(*items))


def _contents() -> list[Vector]:
    out = []
    for layer, make in LAYERS.items():
        for name, content in CONTENTS.items():
            item = make(content)
            out += [
                _one(f"{layer}-{name}-listed", "opens, but not to a payload", "decode", fails("PROTOBUF"), LISTED[layer], item),
                _one(f"{layer}-{name}-unlisted", "left as it is", "decode", gives(item), UNLISTED[layer], item),
            ]
    return out


def _payloads_all_the_same() -> list[Vector]:
    """One field of Payload is enough, and nothing at all is a payload too."""
    contents = {
        "metadata-alone": payload({"a": b"b"}),
        "data-alone": delimited(2, b"x"),
        "external-alone": external(5),
        "unknown-field-first": number_field(50, 7) + delimited(2, b"x"),
        "empty": b"",
    }
    return [
        _one(f"{layer}-payload-{name}", "is a payload", "decode", gives(content), config, make(content), source=RULE)
        for layer, make in LAYERS.items()
        for name, content in contents.items()
        for config in [LISTED[layer]]
    ] + [
        _one(
            "encode-unknown-fields-alone",
            "decode would take it for another codec's",
            "encode",
            fails("VALUE"),
            LISTED["encrypt"],
            number_field(50, 7),
        ),
        _one(
            "encode-unknown-fields-alone-no-codecs",
            "a chain without codecs encodes nothing",
            "encode",
            gives(number_field(50, 7)),
            NOTHING,
            number_field(50, 7),
        ),
    ]


def _bare() -> list[Vector]:
    out = []
    for layer, encoding in ENCODINGS.items():
        if layer == "msgpack":
            continue
        metadata = encrypted_metadata() if layer == "encrypt" else {"encoding": encoding.encode()}
        item = payload(metadata, BARE)
        code = "CIPHERTEXT" if layer == "encrypt" else "COMPRESSED"
        good = OURS[layer](INNER)
        out += [
            _one(f"{layer}-bare-listed", "not such a stream at all", "decode", fails(code), LISTED[layer], item),
            _one(f"{layer}-bare-unlisted", "left as it is", "decode", gives(item), UNLISTED[layer], item),
            _one(
                f"{layer}-neighbours",
                "a foreign payload harms no neighbour",
                "decode",
                gives(INNER, item, INNER),
                UNLISTED[layer],
                good,
                item,
                good,
            ),
            _one(
                f"{layer}-neighbours-listed",
                "the index of the foreign payload",
                "decode",
                fails(code, 1),
                LISTED[layer],
                good,
                item,
                good,
            ),
            _one(f"{layer}-encode-bare", "decode could never open it: encode says so", "encode", fails("VALUE"), LISTED[layer], item),
            _one(
                f"{layer}-encode-bare-unlisted",
                "whatever the chain lists: chains change",
                "encode",
                fails("VALUE"),
                document(KEYS, "codecs: [snappy]") if layer != "snappy" else codecs("zlib"),
                item,
            ),
            _one(f"{layer}-encode-bare-no-codecs", "a chain without codecs encodes nothing", "encode", gives(item), NOTHING, item),
            _one(
                f"{layer}-encode-second",
                "the index of the value",
                "encode",
                fails("VALUE", 1),
                LISTED[layer],
                INNER,
                item,
            ),
            _one(
                f"{layer}-encode-layer",
                "an encoded payload may be encoded once more",
                "encode",
                gives(good),
                document("codecs:\n  - zlib: { min_size: 1 MiB }"),
                good,
            ),
        ]
    return out


def _sealed() -> list[Vector]:
    no_id = payload({"encoding": b"binary/encrypted"}, seal(INNER))
    empty_id = payload(encrypted_metadata(b""), seal(INNER))
    cipher = encrypted_java(INNER, cipher=b"AES/CBC/PKCS5Padding")
    kinds = {"no-key-id": no_id, "empty-key-id": empty_id, "other-cipher": cipher}
    out = []
    for name, item in kinds.items():
        out += [
            _one(f"encrypt-{name}-listed", "not the form of the samples", "decode", fails("CIPHERTEXT"), KEYS_AND_ENCRYPT, item),
            _one(f"encrypt-{name}-unlisted", "left as it is", "decode", gives(item), KEYS_ONLY, item),
            _one(f"encrypt-{name}-encode", "decode could never open it", "encode", fails("VALUE"), KEYS_AND_ENCRYPT, item),
        ]
    tampered = payload(encrypted_metadata(), NONCE + bytes(40))
    return [
        *out,
        _one(
            "encrypt-tampered-unlisted", "ours, and changed: an error in any case", "decode", fails("AUTHENTICATION"), KEYS_ONLY, tampered
        ),
        _one(
            "encrypt-key-unknown-unlisted",
            "ours, with a key that is not here: an error in any case",
            "decode",
            fails("KEY_UNKNOWN"),
            KEYS_ONLY,
            encrypted(INNER, key_id="gone"),
        ),
    ]


def _no_keys() -> list[Vector]:
    item = encrypted(INNER)
    documents = {"absent": NOTHING, "empty": document("keys: {}"), "host-false": document("keys: { host: false }")}
    return [
        *(
            _one(f"no-keys-{name}", "without a key source it is another configuration's", "decode", gives(item), config, item, source=RULE)
            for name, config in documents.items()
        ),
        _one(
            "no-keys-neighbours",
            "and harms no neighbour",
            "decode",
            gives(ORDER, item, ORDER),
            codecs("zlib"),
            zlibbed(ORDER),
            item,
            ORDER,
            source=RULE,
        ),
        _one("no-keys-inside", "inside a layer too", "decode", gives(item), codecs("zlib"), zlibbed(item), source=RULE),
        _one(
            "no-keys-round-trip",
            "two configurations in one chain: this one compresses what the other encrypted",
            "roundtrip",
            encodings("binary/zlib"),
            codecs("zlib"),
            payload([*ENCRYPTED, ("k", b"a" * 1000)], seal(INNER)),
            source=RULE,
        ),
    ]


def _nested() -> list[Vector]:
    digits = LAYERS["zlib"](CONTENTS["digits"])
    bare = plain("binary/zlib", BARE)
    twice = zlibbed(digits)
    zlib_encrypt = document(KEYS, "codecs: [zlib, encrypt]")
    entries = "namespaces:\n  - { match: lists, codecs: [zlib] }\n  - { match: other, codecs: [gzip] }"
    return [
        _one("inside-encrypted", "the layer around it is ours and opens", "decode", gives(digits), KEYS_AND_ENCRYPT, encrypted(digits)),
        _one("inside-encrypted-listed", "the chain lists zlib", "decode", fails("PROTOBUF"), zlib_encrypt, encrypted(digits)),
        _one("inside-its-like", "a layer of ours around one that is not", "decode", gives(digits), NOTHING, twice),
        _one("inside-sixteen", "the seventeenth layer is not ours", "decode", gives(bare), NOTHING, _around(bare, 16)),
        _one(
            "tampered-unlisted",
            "a zlib stream with a wrong checksum is a zlib stream",
            "decode",
            fails("COMPRESSED"),
            NOTHING,
            plain("binary/zlib", zlib_stored(INNER)[:-1] + b"\0"),
        ),
        *(
            Vector(
                f"foreign-namespace-{namespace}",
                RULE,
                "the chain of the namespace decides",
                "decode",
                expect,
                config=document(entries),
                input=payloads(digits),
                namespace=namespace,
            )
            for namespace, expect in [("lists", fails("PROTOBUF")), ("other", gives(digits))]
        ),
        _one(
            "round-trip-unlisted",
            "a valid stream of other contents: the chain neither makes nor reads such",
            "roundtrip",
            encodings("binary/encrypted"),
            KEYS_AND_ENCRYPT,
            digits,
        ),
        _one("msgpack-encode-empty", "no data is no MessagePack", "encode", fails("VALUE"), codecs("msgpack"), plain("binary/msgpack")),
    ]


def _around(item: bytes, count: int) -> bytes:
    for _ in range(count):
        item = zlibbed(item)
    return item


def _required() -> list[Vector]:
    digits = LAYERS["zlib"](CONTENTS["digits"])
    bare = plain("binary/zlib", BARE)
    return [
        _one("required-contents", "what is left alone is not encrypted", "decode", fails("NOT_ENCRYPTED"), REQUIRED, digits),
        _one("required-bare", "neither is this", "decode", fails("NOT_ENCRYPTED"), REQUIRED, bare),
        _one("required-second", "with its index", "decode", fails("NOT_ENCRYPTED", 1), REQUIRED, encrypted(INNER), bare),
        _one("required-inside", "an encrypted layer was opened around it", "decode", gives(bare), REQUIRED, encrypted(bare)),
        _one("required-sealed-contents", "opens, but not to a payload", "decode", fails("PROTOBUF"), REQUIRED, encrypted(b"123456789")),
    ]


FAMILY = Family(
    "foreign.json",
    "What other codecs write under the names of our layers, and payloads under binary/encrypted without any key source.",
    [*_contents(), *_payloads_all_the_same(), *_bare(), *_sealed(), *_no_keys(), *_nested(), *_required()],
)
