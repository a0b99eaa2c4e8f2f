"""Values and payloads: which converter takes what, what comes back, what is refused."""

from __future__ import annotations

from builder.configs import NOTHING, document, limits
from builder.vector import Expect, Family, Vector, fails, gives, gives_bytes
from builder.wire import delimited, external, payload, payloads, plain

SOURCE = "the SDKs' default converters"
ALL = document("converters: [null, bytes, binary-protobuf, json]")
JSON_ONLY = document("converters: [json]")
CANONICAL = document("converters: [json: { canonical: true }]")

MESSAGE = {"encoding": b"binary/protobuf", "messageType": b"temporal.api.common.v1.WorkflowExecution"}
EXECUTION = b"\x0a\x01w\x12\x01r"


def _to(name: str, comment: str, expect: Expect, *items: bytes, config: str = ALL, source: str = SOURCE) -> Vector:
    return Vector(f"values-to-{name}", source, comment, "to_payload", expect, config=config, input=payloads(*items))


def _from(name: str, comment: str, expect: Expect, *items: bytes, config: str = NOTHING, source: str = SOURCE) -> Vector:
    return Vector(f"values-from-{name}", source, comment, "from_payload", expect, config=config, input=payloads(*items))


def _both(name: str, comment: str, item: bytes, source: str = SOURCE) -> list[Vector]:
    return [_to(name, comment, gives(item), item, source=source), _from(name, comment, gives(item), item, source=source)]


def _json(name: str, comment: str, text: bytes) -> Vector:
    item = plain("json/plain", text)
    return _to(f"json-{name}", comment, gives(item), item)


def _not_json(name: str, comment: str, text: bytes) -> Vector:
    return _to(f"not-json-{name}", comment, fails("JSON"), plain("json/plain", text), source="RFC 8259")


def _forms() -> list[Vector]:
    tidy = payload({"a": b"1", "encoding": b"json/plain", "z": b""}, b"1", external(7) + delimited(9, b"new"))
    untidy = delimited(9, b"old") + payload([("z", b"x"), ("encoding", b"json/plain"), ("a", b"1"), ("z", b"")], b"1", external(7))
    return [
        *_both("null", "nothing, as Go, Python, Java and TypeScript write it", plain("binary/null")),
        *_both("bytes", "bytes", plain("binary/plain", b"\xde\xad\xbe\xef")),
        *_both("bytes-empty", "no bytes, as Go and Python write them", plain("binary/plain")),
        *_both("json", "JSON", plain("json/plain", b'"Testing"')),
        *_both("message", "a message", payload(MESSAGE, EXECUTION)),
        *_both("message-empty", "a message of defaults", payload(MESSAGE)),
        _to("none", "no values", gives()),
        _to("several", "one value of each form, in their order", gives(*_several()), *_several()),
        _from("several", "one payload of each form, in their order", gives(*_several()), *_several()),
        _to("null-with-data", "nothing has no data: it is dropped", gives(plain("binary/null")), plain("binary/null", b"x")),
        _from("null-with-data", "nothing has no data: it is dropped", gives(plain("binary/null")), plain("binary/null", b"x")),
        _to("bytes-empty-typescript", "an explicitly empty data is none", gives(plain("binary/plain")), plain("binary/plain", b"")),
        _from(
            "bytes-empty-typescript", "what TypeScript wrote stays as it is", gives(plain("binary/plain", b"")), plain("binary/plain", b"")
        ),
        _to("metadata-kept", "other metadata is kept, in the order of the keys", gives(tidy), tidy),
        _to(
            "one-order",
            "metadata by key with the last of two, then data, then the other fields as they came",
            gives(payload({"a": b"1", "encoding": b"json/plain", "z": b""}, b"1", delimited(9, b"old") + external(7))),
            untidy,
        ),
        _from("untouched", "a payload that is a raw form already stays byte for byte", gives(untidy), untidy),
        Vector(
            "values-to-framing",
            SOURCE,
            "other fields of Payloads come out behind the payloads",
            "to_payload",
            gives_bytes(payloads(plain("binary/null"), rest=delimited(7, b"x"))),
            config=ALL,
            input=delimited(7, b"x") + payloads(plain("binary/null")),
        ),
    ]


def _several() -> list[bytes]:
    return [plain("json/plain", b"1"), plain("binary/null"), payload(MESSAGE, EXECUTION), plain("binary/plain", b"x")]


def _messages() -> list[Vector]:
    named = {"encoding": b"json/protobuf", "messageType": MESSAGE["messageType"]}
    message = payload(MESSAGE, EXECUTION)
    text = payload(named, b'{"workflowId":"w","runId":"r"}')
    others = {
        "java": ("as Java writes it", b'{\n  "workflowId": "w",\n  "runId": "r"\n}'),
        "go-space": ("as some builds of Go write it", b'{"workflowId":"w", "runId":"r"}'),
        "typescript": ("as TypeScript writes it, or with the names of the proto file", b'{"workflow_id":"w","runId":"r"}'),
    }
    python, swapped = payload(named, b'{"runId":"r","workflowId":"w"}'), payload(MESSAGE, EXECUTION[3:] + EXECUTION[:3])
    unknown = payload(named, b'{"workflowId":"w","runId":"r","new":1}')
    lenient = document("converters: [json-protobuf: { ignore_unknown_fields: true }]")
    return [
        _to(
            "message-json",
            "proto3 JSON without spaces, in the order of the declaration",
            gives(text),
            payload(MESSAGE, EXECUTION),
            config=NOTHING,
        ),
        _to(
            "message-json-order",
            "whatever the order on the wire",
            gives(text),
            payload(MESSAGE, EXECUTION[3:] + EXECUTION[:3]),
            config=NOTHING,
        ),
        _from("message-json", "and back", gives(message), text),
        _from("message-json-python", "as Python writes it: fields go in the order of the text", gives(swapped), python),
        *(_from(f"message-json-{name}", comment, gives(message), payload(named, other)) for name, (comment, other) in others.items()),
        _from("message-json-unknown", "a field that the type does not have", fails("JSON"), unknown),
        _from("message-json-unknown-ignored", "which is left out where the configuration says so", gives(message), unknown, config=lenient),
        *_empty_in_any(),
        _from("message-json-no-type", "JSON of a message that does not say its type", fails("VALUE"), plain("json/protobuf", b"{}")),
        _to("message-json-malformed", "bytes that are no such message", fails("PROTOBUF"), payload(MESSAGE, b"\x0a\x05w"), config=NOTHING),
    ]


def _empty_in_any() -> list[Vector]:
    """Java and Python write Empty in an Any without a value, and read it only so; Go writes `"value":{}`."""
    url = b"type.googleapis.com/google.protobuf.Empty"
    name = b"google.protobuf.Any"
    inner = delimited(1, b"type.googleapis.com/google.protobuf.Any") + delimited(2, delimited(1, url))
    message = {wire: payload({"encoding": b"binary/protobuf", "messageType": name}, wire) for wire in (delimited(1, url), inner)}

    def text(json: bytes) -> bytes:
        return payload({"encoding": b"json/protobuf", "messageType": name}, json)

    short, long = b'{"@type":"%s"}' % url, b'{"@type":"%s","value":{}}' % url
    nested = b'{"@type":"type.googleapis.com/google.protobuf.Any","value":%s}'
    one = message[delimited(1, url)]
    source = "java:JsonFormat, python:json_format, go:protojson"
    return [
        _to("message-any-empty", "Empty in an Any, as all read it", gives(text(short)), one, config=NOTHING, source=source),
        _to("message-any-any-empty", "and in an Any in it", gives(text(nested % short)), message[inner], config=NOTHING, source=source),
        _from("message-any-empty", "as Java and Python write it", gives(one), text(short), source=source),
        _from("message-any-empty-go", "as Go writes it", gives(one), text(long), source=source),
        _from("message-any-any-empty", "as Java and Python nest it", gives(message[inner]), text(nested % short), source=source),
        _from("message-any-any-empty-go", "as Go nests it", gives(message[inner]), text(nested % long), source=source),
        _from("message-any-empty-other", "another member is an error", fails("JSON"), text(short[:-1] + b',"x":1}'), source=source),
        _from("message-any-empty-null", "a value of null is no Empty", fails("JSON"), text(short[:-1] + b',"value":null}'), source=source),
    ]


def _texts() -> list[Vector]:
    deepest = b"[" * 1000 + b"]" * 1000
    return [
        _json("as-it-came", "JSON text is never changed, whitespace included", b' { "b" : [ 1.0 , 1e5 ] , "a" : "\\u00e9" } '),
        _json("duplicates", "two members of one name stay", b'{"a":1,"a":2}'),
        _json("large-integer", "an integer of any size stays", b"123456789012345678901234567890"),
        _json("half-surrogate", "half a surrogate pair, escaped, as Python and TypeScript write it", b'"\\ud800"'),
        _json("html", "as Go escapes", b'"\\u003c\\u003e\\u0026\xc3\xa9\\u2028"'),
        _json("deepest", "1000 levels", deepest),
        _to("too-deep", "1001 levels", fails("LIMIT"), plain("json/plain", b"[" + deepest + b"]")),
        _not_json("nan", "Python's bare NaN", b"NaN"),
        _not_json("infinity", "Python's bare -Infinity, within", b"[1,-Infinity]"),
        _not_json("empty", "no text", b""),
        _not_json("two", "two values", b"1 2"),
        _not_json("bom", "a byte order mark", b"\xef\xbb\xbf1"),
        _not_json("utf-8", "a byte that is not UTF-8", b'"\xff"'),
        _not_json("surrogate-bytes", "a surrogate as bytes", b'"\xed\xa0\x80"'),
        _not_json("utf-16", "UTF-16", '"a"'.encode("utf-16-le")),
        _not_json("control", "a control character that is not escaped", b'"a\nb"'),
        _not_json("comma", "a comma too many", b"[1,]"),
        _not_json("quote", "single quotes", b"'a'"),
        _not_json("leading-zero", "a leading zero", b"01"),
        _not_json("cut", "a text cut short", b'{"a":"b'),
        _from("nan", "what Python wrote comes back as it is", gives(plain("json/plain", b"NaN")), plain("json/plain", b"NaN")),
        _from("json-empty", "what TypeScript makes of a function comes back as it is", gives(plain("json/plain")), plain("json/plain")),
    ]


def _refusals() -> list[Vector]:
    nothing = plain("binary/null")
    return [
        _to("no-encoding", "a value that does not say its form", fails("VALUE"), payload({}, b"x")),
        _to("unknown-form", "a form that is none", fails("VALUE", 1), nothing, plain("text/plain", b"x")),
        _to("not-listed", "no converter of the list takes bytes", fails("VALUE"), plain("binary/plain", b"x"), config=JSON_ONLY),
        _to("message-no-type", "a message that does not say its type", fails("VALUE"), plain("binary/protobuf", EXECUTION)),
        _to("malformed", "a value that is no payload", fails("PROTOBUF", 1), nothing, b"\x0a\x05x"),
        _from(
            "message-no-type", "as the Rust SDK writes it", gives(plain("binary/protobuf", EXECUTION)), plain("binary/protobuf", EXECUTION)
        ),
        _from("no-encoding", "a payload without encoding", fails("ENCODING"), payload({}, b"x")),
        _from("unknown", "an encoding that no converter knows", fails("ENCODING", 2), nothing, nothing, plain("binary/unknown", b"x")),
        _from("encrypted", "converters apply no codec", fails("ENCODING"), plain("binary/encrypted", b"x")),
        _from("encoding-twice", "the last encoding counts", gives(_twice()), _twice()),
        _from("malformed", "a payload that is none", fails("PROTOBUF"), b"\x12\x05x"),
        _to("too-many", "more values than allowed", fails("LIMIT", None), nothing, nothing, config=limits("max_payloads: 1")),
    ]


def _twice() -> bytes:
    return payload([("encoding", b"binary/unknown"), ("encoding", b"json/plain")], b"1")


def _canonical(name: str, comment: str, text: str, expected: str) -> Vector:
    return Vector(
        f"values-canonical-{name}",
        "RFC 8785, and docs/FORMAT.md where they differ",
        comment,
        "to_payload",
        gives(plain("json/plain", expected.encode())),
        config=CANONICAL,
        input=payloads(plain("json/plain", text.encode())),
    )


def _canonical_refused(name: str, comment: str, text: str, code: str = "VALUE") -> Vector:
    item = plain("json/plain", text.encode())
    return _to(f"canonical-{name}", comment, fails(code), item, config=CANONICAL, source="docs/FORMAT.md")


def _members(names: list[str]) -> str:
    """An object of these members, in this order; the names are as they stand between their quotes."""
    return "{" + ",".join(f'"{name}":0' for name in names) + "}"


def _canonicals() -> list[Vector]:
    names = ["\\u20ac", "\\r", "\\ufb33", "1", "\\ud83d\\ude00", "\\u0080", "\\u00f6"]
    ordered = ["\\r", "1", "\x80", "ö", "€", "\ufb33", "😀"]
    numbers = {
        "one-point-zero": ("1.0", "1"),
        "minus-zero": ("[-0,-0.0,0.0e5]", "[0,0,0]"),
        "trailing-zeros": ("10.500", "10.5"),
        "exponent": ("1E2", "100"),
        "exponent-20": ("1e+20", "100000000000000000000"),
        "exponent-21": ("1e21", "1e+21"),
        "fraction-6": ("1e-6", "0.000001"),
        "fraction-7": ("0.0000001", "1e-7"),
        "java": ("1.0E7", "10000000"),
        "rfc-8785": ("[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]", "[333333333.33333329,1e+30,4.5,0.002,1e-27]"),
        "integer-2-53": ("9007199254740993", "9007199254740993"),
        "integer-large": ("123456789012345678901234567890", "123456789012345678901234567890"),
        "decimal-long": ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
    }
    return [
        _canonical("whitespace", "no whitespace", ' { "a" : [ 1 , true , null ] } ', '{"a":[1,true,null]}'),
        _canonical(
            "order",
            "members by the UTF-8 bytes of their names; RFC 8785 puts the emoji before the dalet",
            _members(names),
            _members(ordered),
        ),
        _canonical("nested", "at every level", '{"b":{"d":[{"f":1,"e":2}],"c":3},"a":{}}', '{"a":{},"b":{"c":3,"d":[{"e":2,"f":1}]}}'),
        _canonical(
            "escapes",
            "RFC 8785's example of a text",
            '"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"',
            '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"',
        ),
        *(_canonical(f"number-{name}", f"the number {text[:40]}", text, expected) for name, (text, expected) in numbers.items()),
        _canonical_refused("duplicate", "two members of one name have no canonical form", '{"a":1,"b":2,"a":1}'),
        _canonical_refused("duplicate-escaped", "two members whose names differ in their escapes only", '{"a":1,"\\u0061":1}'),
        _canonical_refused("half-surrogate", "half a surrogate pair has no UTF-8", '"\\ud800"'),
        _canonical_refused("nan", "NaN is not JSON", "NaN", "JSON"),
    ]


FAMILY = Family(
    "values.json", "Values and their payloads: the converters.", [*_forms(), *_messages(), *_texts(), *_refusals(), *_canonicals()]
)
