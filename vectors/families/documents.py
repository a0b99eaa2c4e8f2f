"""Failures, histories and descriptor sets: what stays as it is, and what is refused."""

from __future__ import annotations

import base64
import json

from builder.configs import KEYS, KEYS_AND_ENCRYPT, NOTHING, REQUIRED, document
from builder.layers import encrypted, zlibbed
from builder.vector import Expect, Family, Vector, fails
from builder.wire import delimited, number_field, payloads, plain

SOURCE = "temporal/api/failure/v1/message.proto"
HISTORIES = "temporal/api/history/v1/message.proto"
DESCRIPTORS = "google/protobuf/descriptor.proto"

#: Fields of Failure.
MESSAGE, STACK_TRACE, CAUSE, APPLICATION, ATTRIBUTES = 1, 3, 4, 5, 20
STRICT = document(KEYS, "failures: { malformed: error }")
HIDING = document("failures: { encode_common_attributes: true }")
#: Deeper than any message may nest.
TOO_DEEP = 101

PLACEHOLDER = delimited(MESSAGE, b"Encoded failure")
DETAILS = delimited(APPLICATION, delimited(1, b"Kind") + delimited(2, payloads(plain("json/plain", b'"a"'))))


def gives_message(message: bytes) -> Expect:
    """The call succeeds with exactly this message."""
    return {"message": message.hex()}


def _attributes(item: bytes) -> bytes:
    return delimited(ATTRIBUTES, item)


def _chain(depth: int) -> bytes:
    failure = delimited(MESSAGE, b"innermost")
    for _ in range(depth):
        failure = delimited(MESSAGE, b"outer") + delimited(CAUSE, failure)
    return failure


def _failure(operation: str, name: str, comment: str, expect: Expect, failure: bytes, config: str = KEYS_AND_ENCRYPT) -> Vector:
    return Vector(f"{operation}-failure-{name}", SOURCE, comment, f"{operation}_failure", expect, config=config, input=failure)


def _failures() -> list[Vector]:
    simple = delimited(MESSAGE, b"message") + delimited(STACK_TRACE, b"trace") + DETAILS
    text = plain("json/plain", b'{"message":"m","stack_trace":"t"}')
    not_json = PLACEHOLDER + _attributes(plain("json/plain", b"{"))
    foreign_key = PLACEHOLDER + _attributes(encrypted(text, key_id="unheard-of"))
    sealed = PLACEHOLDER + _attributes(encrypted(text))
    foreign = delimited(APPLICATION, delimited(3, payloads(plain("binary/zlib", b"{}"))))
    forged = encrypted(text)
    forged = PLACEHOLDER + _attributes(forged[:-1] + bytes([forged[-1] ^ 1]))
    return [
        _failure("decode", "plain", "nothing is encoded: it stays as it is", gives_message(simple), simple),
        _failure("encode", "nothing-to-do", "no codecs and no hiding: it stays as it is", gives_message(simple), simple, NOTHING),
        _failure("decode", "empty", "an empty message is a failure without anything", gives_message(b""), b""),
        _failure("decode", "chain", "a chain of causes of 50", gives_message(_chain(50)), _chain(50)),
        _failure("decode", "not-json", "attributes that are not JSON stay", gives_message(not_json), not_json, NOTHING),
        _failure(
            "decode", "not-json-strict", "attributes that are not JSON, and malformed: error", fails("FAILURE", None), not_json, STRICT
        ),
        _failure("decode", "forged", "attributes that do not authenticate stay", gives_message(forged), forged),
        _failure(
            "decode", "forged-strict", "attributes that do not authenticate, and malformed: error", fails("AUTHENTICATION"), forged, STRICT
        ),
        _failure("decode", "key-unknown", "a key that nobody has is an error, never kept", fails("KEY_UNKNOWN"), foreign_key),
        _failure(
            "decode", "no-keys", "attributes that are encrypted, without any key source, stay", gives_message(sealed), sealed, NOTHING
        ),
        _failure("decode", "foreign-details", "details under our name that are not ours stay", gives_message(foreign), foreign, NOTHING),
        _failure("decode", "foreign-required", "and are not encrypted", fails("NOT_ENCRYPTED"), foreign, REQUIRED),
        _failure("decode", "too-deep", "a chain of causes of 101", fails("LIMIT", None), _chain(TOO_DEEP)),
        _failure("encode", "too-deep", "a chain of causes of 101", fails("LIMIT", None), _chain(TOO_DEEP), HIDING),
        _failure("decode", "cut", "it ends inside of a field", fails("PROTOBUF", None), simple[:-1]),
        _failure("encode", "cut", "it ends inside of a field", fails("PROTOBUF", None), simple[:-1]),
        _failure(
            "decode", "not-utf-8", "a message that is no text is not looked at", gives_message(delimited(1, b"\xff")), delimited(1, b"\xff")
        ),
    ]


def _history(name: str, comment: str, expect: Expect, history: bytes, config: str = KEYS_AND_ENCRYPT) -> Vector:
    return Vector(f"history-{name}", HISTORIES, comment, "decode_history", expect, config=config, input=history)


def _event(item: bytes) -> bytes:
    """A HistoryEvent whose signal has this payload: 1 event_id, 26 workflow_execution_signaled_event_attributes."""
    return number_field(1, 1) + delimited(26, delimited(1, b"say") + delimited(2, payloads(item)))


def _json(item: bytes, encoding: bytes) -> bytes:
    text = {"metadata": {"encoding": base64.b64encode(encoding).decode()}, "data": base64.b64encode(item).decode()}
    event = {"eventId": "1", "workflowExecutionSignaledEventAttributes": {"input": {"payloads": [text]}}}
    return json.dumps({"events": [event]}, indent=2).encode()


def _histories() -> list[Vector]:
    inner = plain("json/plain", b'"a"')
    packed = zlibbed(inner)
    history, decoded = delimited(1, _event(packed)), delimited(1, _event(inner))
    export, decoded_export = (delimited(1, delimited(1, one)) for one in (history, decoded))
    foreign_key = delimited(1, _event(encrypted(inner, key_id="unheard-of")))
    as_json = _json(b'"a"', b"json/plain")
    # Messages nest in each other: a failure in its event, and in it its causes.
    nested = b'{"cause":' * TOO_DEEP + b"{}" + b"}" * TOO_DEEP
    nested = b'{"events":[{"activityTaskFailedEventAttributes":{"failure":' + nested + b"}}]}"
    foreign = delimited(1, _event(plain("binary/zlib", b"{}")))
    sealed = delimited(1, _event(encrypted(inner)))
    as_foreign_json = _json(b"{}", b"binary/zlib")
    not_its_type = delimited(1, number_field(1, 1) + delimited(26, b"\x0a\xff"))
    return [
        _history("binary", "temporal.api.history.v1.History", gives_message(decoded), history),
        _history("export", "temporal.api.export.v1.WorkflowExecutions", gives_message(decoded_export), export),
        _history("json", "JSON in which nothing is encoded stays as it stands", gives_message(as_json), as_json),
        _history("foreign-json", "an object of another kind", fails("TYPE", None), b'{"orders":[]}'),
        _history("foreign-binary", "a message of another kind", fails("TYPE", None), delimited(2, b"x")),
        _history("empty", "no bytes", fails("TYPE", None), b""),
        _history("text", "text that is not JSON", fails("TYPE", None), b"orders"),
        _history("not-json", "JSON that ends too early", fails("JSON", None), as_json[:-2]),
        _history("too-deep", "JSON of a chain of causes of 101", fails("LIMIT", None), nested),
        _history("key-unknown", "a payload under a key that nobody has", fails("KEY_UNKNOWN"), foreign_key),
        _history("no-keys", "encrypted payloads without any key source stay", gives_message(sealed), sealed, NOTHING),
        _history("foreign", "a payload under our name that is not ours stays", gives_message(foreign), foreign, NOTHING),
        _history("foreign-required", "and is not encrypted", fails("NOT_ENCRYPTED"), foreign, REQUIRED),
        _history("foreign-json-payload", "it stays in JSON too, byte for byte", gives_message(as_foreign_json), as_foreign_json, NOTHING),
        _history("malformed", "a message that does not parse", fails("PROTOBUF", None), not_its_type),
        _history("cut", "it ends inside of its second event", fails("PROTOBUF", None), history + history[:-1]),
    ]


def _descriptor(name: str, comment: str, expect: Expect, files: bytes) -> Vector:
    return Vector(f"descriptor-{name}", DESCRIPTORS, comment, "provide_descriptor", expect, config=NOTHING, input=files)


def _file(name: bytes, rest: bytes) -> bytes:
    """A FileDescriptorProto in its set: 1 name, 3 dependency, 4 message_type."""
    return delimited(1, delimited(1, name) + rest)


def _message(name: bytes, field_type: bytes = b"") -> bytes:
    """A message whose field, if it has one, is of another message: 1 name, 3 number, 4 label, 5 type, 6 type_name."""
    field = delimited(1, b"f") + number_field(3, 1) + number_field(4, 1) + number_field(5, 11) + delimited(6, field_type)
    return delimited(4, delimited(1, name) + (delimited(2, field) if field_type else b""))


def _descriptors() -> list[Vector]:
    return [
        _descriptor("file", "a file with one message", {}, _file(b"a.proto", _message(b"A"))),
        _descriptor(
            "no-import", "a file imports one that is not there", fails("DESCRIPTOR", None), _file(b"a.proto", delimited(3, b"b.proto"))
        ),
        _descriptor(
            "no-type", "a field of a message that is not there", fails("DESCRIPTOR", None), _file(b"a.proto", _message(b"A", b".B"))
        ),
        _descriptor("twice", "two messages of one name", fails("DESCRIPTOR", None), _file(b"a.proto", _message(b"A") * 2)),
        _descriptor("malformed", "no set of files", fails("DESCRIPTOR", None), b"\x0a\x05a"),
    ]


FAMILY = Family(
    "documents.json",
    "Failures, histories and descriptor sets: what stays as it is, and what is refused.",
    [*_failures(), *_histories(), *_descriptors()],
)
