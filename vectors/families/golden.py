"""Payloads as the SDKs write them, and the encrypted and compressed ones of the samples."""

from __future__ import annotations

from builder.configs import KEYS_AND_ENCRYPT, NOTHING, document, ring
from builder.layers import INNER, KEY, encrypted, snappied
from builder.vector import Family, Vector, gives
from builder.wire import payloads

MEASURED = "measured with the SDKs themselves"

#: name, producer, bytes
PLAIN = [
    ("null", "Go, Python, TypeScript (undefined)", "0a170a08656e636f64696e67120b62696e6172792f6e756c6c"),
    ("empty-bytes", "Go, Python", "0a180a08656e636f64696e67120c62696e6172792f706c61696e"),
    ("empty-bytes-explicit", "TypeScript", "0a180a08656e636f64696e67120c62696e6172792f706c61696e1200"),
    ("bytes", "Python", "0a180a08656e636f64696e67120c62696e6172792f706c61696e1204deadbeef"),
    ("number", "Go, Python", "0a160a08656e636f64696e67120a6a736f6e2f706c61696e120131"),
    ("true", "Python", "0a160a08656e636f64696e67120a6a736f6e2f706c61696e120474727565"),
    (
        "string",
        "Go, Python, TypeScript",
        "0a160a08656e636f64696e67120a6a736f6e2f706c61696e12092254657374696e6722",
    ),
    (
        "unicode-go",
        "Go",
        "0a160a08656e636f64696e67120a6a736f6e2f706c61696e1220225c75303033635c75303032365c7530303365c3a95c7532303238f09f988022",
    ),
    (
        "unicode-typescript",
        "TypeScript",
        "0a160a08656e636f64696e67120a6a736f6e2f706c61696e120e223c263ec3a9e280a8f09f988022",
    ),
    (
        "json-protobuf",
        "Python",
        "0a190a08656e636f64696e67120d6a736f6e2f70726f746f6275660a370a0b6d65737361676554797065122874656d706f72616c2e6170692e"
        "636f6d6d6f6e2e76312e576f726b666c6f77457865637574696f6e121e7b2272756e4964223a2272222c22776f726b666c6f774964223a2277"
        "227d",
    ),
    (
        "binary-protobuf",
        "Python",
        "0a1b0a08656e636f64696e67120f62696e6172792f70726f746f6275660a370a0b6d65737361676554797065122874656d706f72616c2e6170"
        "692e636f6d6d6f6e2e76312e576f726b666c6f77457865637574696f6e12060a0177120172",
    ),
    (
        "three-keys",
        "Go, Python",
        "0a160a08656e636f64696e67120a6a736f6e2f706c61696e0a120a0b6d657373616765547970651203782e590a060a017a12013112092254657374696e6722",
    ),
    (
        "storage-reference",
        "Python",
        "0a190a08656e636f64696e67120d6a736f6e2f70726f746f6275660a3b0a0b6d65737361676554797065122c74656d706f72616c2e6170692e"
        "73646b2e76312e45787465726e616c53746f726167655265666572656e6365127b7b22636c61696d44617461223a7b226275636b6574223a22"
        "62222c22686173685f616c676f726974686d223a22736861323536222c22686173685f76616c7565223a226162222c226b6579223a2276302f"
        "642f7368613235362f6162227d2c226472697665724e616d65223a226177732e7333647269766572227d1a0408e0a712",
    ),
]

GOLDEN_ENCRYPTED = bytes.fromhex(
    "0a1c0a08656e636f64696e67121062696e6172792f656e637279707465640a200a11656e6372797074696f6e2d6b65792d6964120b746573742d6b"
    "65792d6964123f000102030405060708090a0bf92b89da276861d2657395a2a3f7f7d1e8a45622938592d067eda33472fe508461f837b442a729ec"
    "7e65ad1d706610b54be7a6"
)
GOLDEN_ENCRYPTED_ZLIB = bytes.fromhex(
    "0a1c0a08656e636f64696e67121062696e6172792f656e637279707465640a190a11656e6372797074696f6e2d6b65792d69641204746573741267"
    "000102030405060708090a0bf92a89da276861d2657395a2a3f6ffcbe9ab0b2bd09e97d717f6b1188b8d07edd3601f3954b11e52b18556eebac180"
    "c91b9599c4183d61e83d1a531238459d739234b5d55fd136f35bd66be417f15836a0bc36f8a926e45a241b68"
)
GOLDEN_ZLIB = bytes.fromhex(
    "0a170a08656e636f64696e67120b62696e6172792f7a6c69621230789c002300dcff0a160a08656e636f64696e67120a6a736f6e2f706c61696e12"
    "092254657374696e67220300b5b50ad0"
)
GOLDEN_SNAPPY = bytes.fromhex(
    "0a190a08656e636f64696e67120d62696e6172792f736e61707079122523880a160a08656e636f64696e67120a6a736f6e2f706c61696e12092254657374696e6722"
)


def _plain() -> list[Vector]:
    out = []
    for name, producer, text in PLAIN:
        message = bytes.fromhex(text)
        source = f"{producer}: {MEASURED}"
        out += [
            Vector(
                f"golden-{name}-passes",
                source,
                "decode leaves what no codec wrote exactly as it is",
                "decode",
                gives(message),
                input=payloads(message),
            ),
            Vector(
                f"golden-{name}-encoded-by-empty-chain",
                source,
                "a chain without codecs encodes to the same bytes",
                "encode",
                gives(message),
                config=NOTHING,
                input=payloads(message),
            ),
            Vector(
                f"golden-{name}-opens",
                f"{source}; sealed by PyPI cryptography",
                "the plaintext comes out as the bytes that went in",
                "decode",
                gives(message),
                input=payloads(encrypted(message)),
            ),
        ]
    return out


def _codecs() -> list[Vector]:
    if encrypted(INNER) != GOLDEN_ENCRYPTED or snappied(INNER) != GOLDEN_SNAPPY:
        raise ValueError("the builder and the measured payloads disagree")
    return [
        Vector(
            "golden-encrypted",
            "samples-go, samples-python and samples-typescript encryption, id test-key-id, nonce 00..0b: the same bytes",
            "the format of the samples, byte for byte",
            "decode",
            gives(INNER),
            input=payloads(GOLDEN_ENCRYPTED),
        ),
        Vector(
            "golden-encrypted-over-zlib",
            "samples-go encryption with Compress, id test, nonce 00..0b",
            "two layers open, though the config has one",
            "decode",
            gives(INNER),
            config=document(ring("test", {"test": KEY}), "codecs: [encrypt]"),
            input=payloads(GOLDEN_ENCRYPTED_ZLIB),
        ),
        Vector(
            "golden-zlib-go",
            "sdk-go converter.NewZlibCodec: a stored block",
            "zlib as the Go SDK writes a tiny payload",
            "decode",
            gives(INNER),
            config=NOTHING,
            input=payloads(GOLDEN_ZLIB),
        ),
        Vector(
            "golden-snappy",
            "samples-go snappycompress, the block computed with Python",
            "snappy's block format",
            "decode",
            gives(INNER),
            config=NOTHING,
            input=payloads(GOLDEN_SNAPPY),
        ),
        Vector(
            "golden-all-in-one-call",
            "the golden payloads above",
            "each payload is opened for itself, and the order stays",
            "decode",
            gives(INNER, INNER, INNER, INNER),
            config=KEYS_AND_ENCRYPT,
            input=payloads(GOLDEN_SNAPPY, GOLDEN_ENCRYPTED, GOLDEN_ZLIB, INNER),
        ),
    ]


FAMILY = Family("golden.json", "Payloads as SDKs and samples really write them.", _plain() + _codecs())
