"""External payloads: every layer repeats their sizes outside, where the server counts them, and decode reads those inside alone."""

from __future__ import annotations

from collections.abc import Callable

from builder.configs import KEYS, KEYS_AND_ENCRYPT, NOTHING, codecs, document
from builder.layers import INNER, encrypted_metadata, gzip_member, seal, snappy_block, zlib_stored, zstd_frame
from builder.vector import Expect, Family, Vector, fails, gives, shows
from builder.wire import delimited, external, number_field, payload, payloads, plain

RULE = "docs/FORMAT.md"
PROXY = "as Temporal's gRPC proxy sample writes it since September 2026: the encoded payload copies external_payloads"
OLD = "as the SDKs' own codecs write it: external_payloads inside alone"

#: A reference to an external store, as the SDKs write one.
STORED = payload(
    {"encoding": b"json/protobuf", "messageType": b"temporal.api.sdk.v1.ExternalStorageReference"},
    b'{"driverName":"aws.s3driver","claimData":{"bucket":"orders","key":"v0/d/sha256/ab"}}',
)
ONE = STORED + external(300_000)
BODIES: dict[str, tuple[bytes, list[int]]] = {
    "one": (ONE, [300_000]),
    "three": (STORED + external(1) + external(2**40) + external(2**63 - 1), [1, 2**40, 2**63 - 1]),
    "no-size": (STORED + delimited(3, b"") + external(5), [0, 5]),
    "two-sizes-in-one": (STORED + delimited(3, number_field(1, 7) + number_field(1, 5)), [5]),
    "future-fields": (STORED + delimited(3, number_field(1, 5) + delimited(2, b"orders/secret")), [5]),
    "before-data": (external(9) + STORED, [9]),
    "hundred": (STORED + b"".join(external(n) for n in range(1, 101)), list(range(1, 101))),
    "no-data": (plain("binary/null") + external(3), [3]),
    "none": (STORED, []),
}
LAYERS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib_stored,
    "zstd": zstd_frame,
    "snappy": snappy_block,
    "gzip": gzip_member,
}
CHAINS = {
    "encrypt": KEYS_AND_ENCRYPT,
    "zlib-encrypt": document(KEYS, "codecs: [zlib, encrypt]"),
    "msgpack-encrypt": document(KEYS, "codecs: [msgpack, encrypt]"),
}
#: Metadata of 600 equal bytes: worth compressing, also with what is outside.
LARGE = payload({"encoding": b"binary/plain", "note": b"tea " * 150}, b"x") + external(70_000)


def _one(name: str, source: str, comment: str, operation: str, expect: Expect, config: str, *items: bytes) -> Vector:
    return Vector(f"external-{name}", source, comment, operation, expect, config=config, input=payloads(*items))


def _shown() -> list[Vector]:
    out = [
        _one(f"{chain}-{name}", RULE, "the sizes are shown outside", "roundtrip", shows(["binary/encrypted"], [sizes]), config, item)
        for chain, config in CHAINS.items()
        for name, (item, sizes) in BODIES.items()
    ]
    return [
        *out,
        *(
            _one(
                f"{codec}-shown",
                RULE,
                "compression shows them too",
                "roundtrip",
                shows([f"binary/{codec}"], [[70_000]]),
                codecs(codec),
                LARGE,
            )
            for codec in LAYERS
        ),
        _one(
            "each-its-own",
            RULE,
            "each payload shows its own",
            "roundtrip",
            shows(["binary/encrypted"] * 3, [[300_000], [], [70_000]]),
            KEYS_AND_ENCRYPT,
            ONE,
            INNER,
            LARGE,
        ),
        _one(
            "kept",
            RULE,
            "a payload that no codec changes keeps its own, once",
            "roundtrip",
            shows(["json/protobuf"], [[300_000]]),
            document("codecs:\n  - zlib: { min_size: 1 MiB }"),
            ONE,
        ),
        _one(
            "msgpack-alone",
            RULE,
            "msgpack makes no payload around it: the field stays, once",
            "roundtrip",
            shows(["binary/msgpack"], [[5]]),
            codecs("msgpack"),
            plain("json/plain", b'{"a":1}') + external(5),
        ),
    ]


def _read() -> list[Vector]:
    out = []
    for codec, make in {**LAYERS, "encrypt": seal}.items():
        metadata = encrypted_metadata() if codec == "encrypt" else {"encoding": f"binary/{codec}".encode()}
        config = KEYS_AND_ENCRYPT if codec == "encrypt" else NOTHING
        bare = payload(metadata, make(ONE))
        copied = payload(metadata, b"") + external(300_000)
        forms = {
            "inside-alone": (OLD, bare),
            "behind-data": (PROXY, bare + external(300_000)),
            "before-data": (RULE, payload(metadata) + external(300_000) + delimited(2, make(ONE))),
            "other-outside": ("made up", external(1) + bare + external(2)),
            "data-twice": ("made up", copied + delimited(2, make(ONE))),
        }
        out += [
            _one(f"{codec}-read-{name}", source, "what is inside comes out, once", "decode", gives(ONE), config, item)
            for name, (source, item) in forms.items()
        ]
        outside_alone = payload(metadata, make(INNER)) + external(300_000)
        out.append(
            _one(
                f"{codec}-read-outside-alone", "made up", "what is outside alone is not read", "decode", gives(INNER), config, outside_alone
            )
        )
    broken = payload(encrypted_metadata(), seal(INNER)) + delimited(3, b"\x08")
    return [*out, _one("broken", "made up", "a size that is cut short", "decode", fails("PROTOBUF"), KEYS_AND_ENCRYPT, broken)]


FAMILY = Family("external.json", "Sizes of external payloads: outside for the server, inside for decode.", [*_shown(), *_read()])
