"""The protobuf walk: what official parsers accept, what they refuse, and what comes out of it."""

from __future__ import annotations

from builder.configs import KEYS_AND_ENCRYPT, NOTHING
from builder.layers import INNER, KEY_ID, OTHER_KEY_ID, encrypted, encrypted_metadata, seal
from builder.vector import Expect, Family, Vector, fails, gives, gives_bytes
from builder.wire import (
    FIXED32,
    FIXED64,
    GROUP_END,
    GROUP_START,
    LENGTH,
    VARINT,
    delimited,
    entry,
    external,
    group,
    nested_groups,
    number_field,
    payload,
    payloads,
    plain,
    tag,
    varint,
)

RULES = "protobuf.dev/programming-guides/encoding, and what Go's and Python's protobuf do"
FIXED = tag(15, FIXED64) + b"12345678" + tag(16, FIXED32) + b"1234"
HIGHEST = (1 << 29) - 1


def _list(name: str, comment: str, message: bytes, expect: Expect, config: str = KEYS_AND_ENCRYPT, operation: str = "decode") -> Vector:
    return Vector(f"wire-{name}", RULES, comment, operation, expect, config=config, input=message)


def _one(name: str, comment: str, item: bytes, expect: Expect) -> Vector:
    return _list(name, comment, payloads(item), expect)


def _kept(name: str, comment: str, item: bytes) -> Vector:
    """A payload that no codec wrote, odd but valid: it comes out as it came in."""
    return _one(name, comment, item, gives(item))


def _payloads() -> list[Vector]:
    other = delimited(7, b"kept") + number_field(8, 5)
    wrong_type = number_field(1, 3)
    grouped = group(1, number_field(2, 1))
    second = tag(1, LENGTH) + varint(len(INNER))
    return [
        _list("nothing", "no payloads", b"", gives()),
        _list("empty-payload", "the empty message is a payload", payloads(b""), gives(b"")),
        _list(
            "many-payloads",
            "300 payloads, in their order",
            payloads(*(plain("t", b"%d" % n) for n in range(300))),
            gives(*(plain("t", b"%d" % n) for n in range(300))),
        ),
        _list(
            "unknown-fields-behind",
            "unknown fields of Payloads stay behind the payloads",
            payloads(INNER) + other,
            gives_bytes(payloads(INNER) + other),
        ),
        _list(
            "unknown-fields-before",
            "unknown fields of Payloads move behind the payloads",
            other + payloads(INNER),
            gives_bytes(payloads(INNER) + other),
        ),
        _list(
            "unknown-fields-between",
            "in their own order",
            number_field(8, 5) + payloads(encrypted(INNER)) + delimited(7, b"kept") + payloads(INNER),
            gives_bytes(payloads(INNER, INNER) + number_field(8, 5) + delimited(7, b"kept")),
        ),
        _list(
            "unknown-fields-every-type",
            "every wire type, a group and the highest number",
            FIXED + grouped + delimited(HIGHEST, b"x") + payloads(INNER),
            gives_bytes(payloads(INNER) + FIXED + grouped + delimited(HIGHEST, b"x")),
        ),
        _list("unknown-fields-only", "no payloads, but unknown fields", other, gives_bytes(other)),
        _list(
            "field-1-other-type",
            "field 1 with another wire type is an unknown field",
            wrong_type + payloads(INNER),
            gives_bytes(payloads(INNER) + wrong_type),
        ),
        _list("overlong-length", "a length longer than needed is written minimally", b"\x0a" + varint(len(INNER), 4) + INNER, gives(INNER)),
        _list(
            "overlong-length-ten-bytes", "ten bytes are the most a varint may take", b"\x0a" + varint(len(INNER), 10) + INNER, gives(INNER)
        ),
        _list("overlong-tag", "a tag of two bytes that needs one", b"\x8a\x00" + varint(len(INNER)) + INNER, gives(INNER)),
        _list(
            "overlong-tag-five-bytes",
            "five bytes are the most a tag may take",
            b"\x8a\x80\x80\x80\x00" + varint(len(INNER)) + INNER,
            gives(INNER),
        ),
        _list(
            "encode-unknown-fields",
            "encode keeps them too",
            other + payloads(INNER),
            gives_bytes(payloads(INNER) + other),
            NOTHING,
            "encode",
        ),
        _list(
            "encode-overlong-length",
            "encode writes minimal lengths too",
            second[:1] + varint(len(INNER), 3) + INNER,
            gives(INNER),
            NOTHING,
            "encode",
        ),
    ]


def _broken_payloads() -> list[Vector]:
    cases = {
        "tag-cut": ("a tag is cut short", payloads(INNER) + b"\x8a"),
        "no-length": ("nothing behind the tag", b"\x0a"),
        "length-cut": ("a length is cut short", b"\x0a\x80"),
        "past-the-end": ("a length that reaches past the end", b"\x0a" + varint(len(INNER) + 1) + INNER),
        "length-2-63": ("a length of 2^63", b"\x0a" + varint(1 << 63) + INNER),
        "length-2-64-minus-1": ("a length of 2^64 - 1", b"\x0a" + varint((1 << 64) - 1) + INNER),
        "length-2-32": ("a length of 2^32 and a few: no 32-bit wrap", b"\x0a" + varint((1 << 32) + len(INNER)) + INNER),
        "length-eleven-bytes": ("a length of eleven bytes", b"\x0a" + varint(len(INNER), 11) + INNER),
        "length-65-bits": ("a length of 65 bits", b"\x0a" + b"\xff" * 9 + b"\x02" + INNER),
        "tag-six-bytes": ("a tag of six bytes", b"\x8a\x80\x80\x80\x80\x00" + varint(len(INNER)) + INNER),
        "tag-33-bits": ("a tag of 33 bits", varint(1 << 32 | 0x0A) + varint(len(INNER)) + INNER),
        "field-0": ("field number 0", delimited(0, INNER)),
        "wire-type-6": ("wire type 6 does not exist", tag(9, 6) + b"\0"),
        "wire-type-7": ("wire type 7 does not exist", tag(9, 7) + b"\0"),
        "fixed64-cut": ("an unknown fixed64 is cut short", tag(9, FIXED64) + b"1234567"),
        "fixed32-cut": ("an unknown fixed32 is cut short", tag(9, FIXED32) + b"123"),
        "varint-cut": ("an unknown varint is cut short", tag(9, VARINT) + b"\xff"),
        "group-open": ("a group is not closed", tag(9, GROUP_START) + number_field(1, 1)),
        "group-other-end": ("a group is closed by another number", tag(9, GROUP_START) + tag(10, GROUP_END)),
        "group-end-alone": ("the end of a group that was not opened", tag(9, GROUP_END)),
        "text": ("no protobuf at all", b'{"payloads":[]}'),
    }
    return [
        _list(f"framing-{name}", f"{comment}: the whole message is malformed, no payload is to blame", message, fails("PROTOBUF", None))
        for name, (comment, message) in cases.items()
    ]


def _payload() -> list[Vector]:
    empty_entry = delimited(1, b"")
    no_value = delimited(1, delimited(1, b"encoding"))
    no_key = delimited(1, delimited(2, b"value"))
    value_first = delimited(1, delimited(2, b"json/plain") + delimited(1, b"encoding"))
    return [
        _kept(
            "unknown-fields-inside",
            "unknown fields of a payload, every wire type",
            INNER + FIXED + group(9, number_field(1, 1)) + number_field(HIGHEST, 1),
        ),
        _kept(
            "known-fields-other-type",
            "metadata, data and external_payloads with other wire types are unknown fields",
            number_field(1, 1) + tag(2, FIXED32) + b"1234" + tag(3, FIXED64) + b"12345678",
        ),
        _kept("external-payloads", "external_payloads, one with a size and one without", INNER + external(300_000) + delimited(3, b"")),
        _kept(
            "external-payloads-unknown-field",
            "an unknown field in external_payloads",
            INNER + delimited(3, number_field(1, 5) + delimited(2, b"future")),
        ),
        _kept("data-first", "data before metadata", delimited(2, b"1") + entry("encoding", b"json/plain")),
        _kept("data-empty", "data that is there but empty", plain("binary/plain", b"")),
        _kept("data-overlong-length", "an overlong length inside a payload stays as it is", b"\x12\x81\x80\x00" + b"1"),
        _kept("metadata-empty-entry", "an entry without key and value", empty_entry),
        _kept("metadata-no-value", "an encoding without value: the empty text", no_value),
        _kept("metadata-no-key", "a value without key", no_key),
        _kept("metadata-value-first", "value before key", value_first + delimited(2, b"1")),
        _kept("metadata-value-not-utf8", "metadata values are bytes", payload({"encoding": b"\xff\xfe"}, b"1")),
        _kept("metadata-key-unicode", "a key of several scripts", payload({"encoding": b"json/plain", "größe-大きさ-😀": b"1"}, b"1")),
        _kept(
            "metadata-entry-unknown-field",
            "an unknown field in an entry",
            delimited(1, delimited(1, b"encoding") + number_field(3, 1) + delimited(2, b"json/plain")),
        ),
        _kept("groups-nested", "fifty groups, one in the other", INNER + nested_groups(50)),
        _kept("groups-nested-100", "a hundred: the most there may be", INNER + nested_groups(100)),
        _kept(
            "group-with-everything",
            "a group that holds every wire type and a group",
            INNER + group(9, FIXED + number_field(1, 1) + delimited(2, b"x") + group(9)),
        ),
    ]


def _last_wins() -> list[Vector]:
    key_id = entry("encryption-key-id", KEY_ID.encode())
    other_id = entry("encryption-key-id", OTHER_KEY_ID.encode())
    ours = entry("encoding", b"binary/encrypted")
    theirs = entry("encoding", b"json/plain")
    sealed, junk = delimited(2, seal(INNER)), delimited(2, bytes(40))
    twice = delimited(1, delimited(1, b"encoding") + delimited(2, b"json/plain") + delimited(2, b"binary/encrypted"))
    key_twice = delimited(1, delimited(1, b"other") + delimited(1, b"encoding") + delimited(2, b"binary/encrypted"))
    mistyped = delimited(1, number_field(1, 5) + delimited(1, b"encoding") + delimited(2, b"binary/encrypted") + number_field(2, 5))
    value_then_empty = entry("encoding", b"binary/encrypted") + delimited(1, delimited(1, b"encoding"))
    spread = ours + sealed + FIXED + key_id
    return [
        _one(
            "duplicate-key-last-wins",
            "json/plain, then binary/encrypted: the last entry counts",
            theirs + ours + key_id + sealed,
            gives(INNER),
        ),
        _kept(
            "duplicate-key-last-wins-ours-first", "binary/encrypted, then json/plain: not ours, left alone", ours + key_id + sealed + theirs
        ),
        _one("duplicate-key-id-last-wins", "the last key id counts", ours + other_id + key_id + sealed, gives(INNER)),
        _one(
            "duplicate-key-id-last-is-unknown",
            "the last key id is not in the ring",
            ours + key_id + other_id + sealed,
            fails("KEY_UNKNOWN"),
        ),
        _one("duplicate-data-last-wins", "two data fields: the last counts", ours + key_id + junk + sealed, gives(INNER)),
        _one(
            "duplicate-data-last-is-junk",
            "two data fields, the last is not authentic",
            ours + key_id + sealed + junk,
            fails("AUTHENTICATION"),
        ),
        _one(
            "duplicate-data-last-is-empty", "the last data field is empty", ours + key_id + sealed + delimited(2, b""), fails("CIPHERTEXT")
        ),
        _one("duplicate-value-in-entry", "two values in one entry: the last counts", twice + key_id + sealed, gives(INNER)),
        _one("duplicate-key-in-entry", "two keys in one entry: the last counts", key_twice + key_id + sealed, gives(INNER)),
        _one(
            "entry-fields-other-type",
            "key and value with other wire types are unknown fields of the entry",
            mistyped + key_id + sealed,
            gives(INNER),
        ),
        _kept(
            "duplicate-key-without-value",
            "binary/encrypted, then an entry without value: the last counts",
            value_then_empty + key_id + sealed,
        ),
        _one(
            "data-other-type-is-unknown",
            "data as a varint behind the real one is an unknown field",
            ours + key_id + sealed + number_field(2, 1),
            gives(INNER),
        ),
        _one("fields-in-any-order", "metadata before and behind data, an unknown field between", spread, gives(INNER)),
        _one(
            "entry-overlong-varints",
            "overlong tags and lengths in an entry",
            b"\x8a\x00" + varint(len(ours) - 2, 3) + ours[2:] + key_id + sealed,
            gives(INNER),
        ),
    ]


def _broken_payload() -> list[Vector]:
    cases = {
        "tag-cut": ("a tag is cut short", INNER + b"\x80"),
        "data-cut": ("data is cut short", INNER[:-1]),
        "data-length-cut": ("the length of data is cut short", entry("encoding", b"json/plain") + b"\x12\x80"),
        "entry-cut": ("a metadata entry is cut short", b"\x0a\x16\x0a\x08encoding"),
        "entry-key-cut": ("the key reaches past its entry", delimited(1, b"\x0a\x09encoding")),
        "entry-value-past-entry": (
            "the value reaches past its entry, but not past the payload",
            delimited(1, b"\x0a\x01k\x12\x05v") + delimited(2, b"12345"),
        ),
        "entry-field-0": ("field number 0 in an entry", delimited(1, b"\x02\x00")),
        "entry-wire-type-7": ("wire type 7 in an entry", delimited(1, b"\x0f")),
        "key-not-utf8": ("a metadata key that is not UTF-8: proto3 strings are", delimited(1, delimited(1, b"\xff") + delimited(2, b"v"))),
        "key-surrogate": ("a metadata key with a UTF-8 surrogate", delimited(1, delimited(1, b"\xed\xa0\x80") + delimited(2, b"v"))),
        "key-overlong-utf8": ("a metadata key with an overlong UTF-8 form", delimited(1, delimited(1, b"\xc0\xaf") + delimited(2, b"v"))),
        "external-cut": ("external_payloads is a message: its size is cut short", INNER + delimited(3, b"\x08\x80")),
        "external-wire-type-6": ("external_payloads is a message: wire type 6 does not exist", INNER + delimited(3, b"\x0e")),
        "field-0": ("field number 0", INNER + delimited(0, b"x")),
        "tag-six-bytes": ("a tag of six bytes", b"\x92\x80\x80\x80\x80\x00\x00"),
        "tag-33-bits": ("a tag of 33 bits: the field number is out of range", INNER + varint(1 << 32 | 0x10) + b"\0"),
        "wire-type-6": ("wire type 6 does not exist", INNER + tag(9, 6)),
        "wire-type-7": ("wire type 7 does not exist", INNER + tag(9, 7)),
        "varint-eleven-bytes": ("a varint of eleven bytes", INNER + tag(9, VARINT) + b"\x80" * 10 + b"\x01"),
        "varint-65-bits": ("a varint of 65 bits", INNER + tag(9, VARINT) + b"\xff" * 9 + b"\x02"),
        "length-2-64-minus-1": ("a length of 2^64 - 1", INNER + b"\x12" + varint((1 << 64) - 1)),
        "fixed64-cut": ("an unknown fixed64 is cut short", INNER + tag(9, FIXED64) + b"1234567"),
        "fixed32-cut": ("an unknown fixed32 is cut short", INNER + tag(9, FIXED32) + b"123"),
        "group-open": ("a group is not closed", INNER + tag(9, GROUP_START)),
        "group-other-end": ("a group is closed by another number", INNER + tag(9, GROUP_START) + tag(8, GROUP_END)),
        "group-end-alone": ("the end of a group that was not opened", INNER + tag(9, GROUP_END)),
        "group-crossed": (
            "two groups that cross",
            INNER + tag(8, GROUP_START) + tag(9, GROUP_START) + tag(8, GROUP_END) + tag(9, GROUP_END),
        ),
        "groups-nested-101": ("a hundred and one groups, one in the other", INNER + nested_groups(101)),
        "groups-open-30000": ("thirty thousand open groups: no stack to overflow", tag(9, GROUP_START) * 30_000),
        "not-protobuf": ("text instead of a payload", b"no protobuf"),
    }
    out = [_one(f"payload-{name}", comment, item, fails("PROTOBUF")) for name, (comment, item) in cases.items()]
    return [
        *out,
        _list("payload-second-broken", "the second of three is malformed", payloads(INNER, INNER[:-1], INNER), fails("PROTOBUF", 1)),
        _list(
            "payload-lowest-index",
            "two are malformed: the first is named",
            payloads(INNER, INNER, INNER[:-1], b"\x0f"),
            fails("PROTOBUF", 2),
        ),
        _list(
            "payload-other-failure-first",
            "a payload that does not authenticate before a malformed one",
            payloads(payload(encrypted_metadata(), bytes(40)), INNER[:-1]),
            fails("AUTHENTICATION", 0),
        ),
        _list(
            "payload-encode-broken",
            "encode refuses it as well, whatever the chain",
            payloads(INNER, b"\x0f"),
            fails("PROTOBUF", 1),
            NOTHING,
            "encode",
        ),
    ]


FAMILY = Family(
    "wire.json",
    "The protobuf walk over Payloads and Payload.",
    [*_payloads(), *_broken_payloads(), *_payload(), *_last_wins(), *_broken_payload()],
)
