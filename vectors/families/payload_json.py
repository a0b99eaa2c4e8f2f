"""The JSON of payloads, in histories and failures: every form that an SDK's own reader takes, and the forms that nobody takes."""

from __future__ import annotations

import base64
import json

from builder.configs import KEYS_AND_ENCRYPT, NOTHING
from builder.layers import KEY_ID, encrypted, zlibbed
from builder.vector import Expect, Family, Vector, fails
from builder.wire import delimited, number_field, plain

READERS = "go:HistoryFromJSON, python:WorkflowHistory.from_json, java:WorkflowExecutionHistory.fromJson"
WEB_UI = "ui:src/lib/utilities/decode-payload.ts"
PROTOJSON = "protobuf:ProtoJSON format; ui:src/lib/utilities/decode-payload.ts"
JAVASCRIPT = "JSON.stringify of a message that was cut inside an emoji; go:encoding/json"

#: The payload in the layer. Its length makes base64 that ends in two equals signs, with four unused bits.
INNER = plain("json/plain", b'"~?~?~?a"')
LAYER = zlibbed(INNER)
STREAM = LAYER[LAYER.index(b"\x78\x01") :]
ENCODING, DATA = base64.b64encode(b"binary/zlib").decode(), base64.b64encode(STREAM).decode()
URL = DATA.replace("+", "-").replace("/", "_")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
if not (DATA.endswith("==") and URL != DATA):
    raise ValueError("the layer must show padding and both alphabets")

BEFORE = '{"events":[{"eventId":"1", "newer":[1.50],\n "workflowExecutionSignaledEventAttributes":{"input":{"payloads":[ '
AFTER = ' ]}}}],"nextPageToken":null}\n'


def _printed(item_encoding: bytes, data: bytes) -> str:
    """A payload as it is written into a history."""
    return f'{{"metadata":{{"encoding":"{base64.b64encode(item_encoding).decode()}"}},"data":"{base64.b64encode(data).decode()}"}}'


DECODED = _printed(b"json/plain", b'"~?~?~?a"')


def _with_unused_bits(text: str) -> str:
    """The last letter has other bits where none count."""
    letters = text.rstrip("=")
    return letters[:-1] + LETTERS[LETTERS.index(letters[-1]) + 1] + "=" * (len(text) - len(letters))


def _layer(encoding: str = ENCODING, data: str = DATA, more: str = "", metadata: str = "") -> str:
    return f'{{"metadata":{{"encoding":"{encoding}"{metadata}}},"data":"{data}"{more}}}'


def gives_message(message: bytes) -> Expect:
    """The call succeeds with exactly this message."""
    return {"message": message.hex()}


def _history(name: str, comment: str, expect: Expect, text: str | bytes, source: str = READERS, config: str = KEYS_AND_ENCRYPT) -> Vector:
    history = text if isinstance(text, bytes) else text.encode()
    return Vector(f"payload-json-{name}", source, comment, "decode_history", expect, config=config, input=history)


def _read(name: str, comment: str, form: str, source: str = READERS) -> Vector:
    """A layer in this form is opened."""
    return _history(name, comment, gives_message((BEFORE + DECODED + AFTER).encode()), BEFORE + form + AFTER, source)


def _refused(name: str, comment: str, form: str, source: str = READERS) -> Vector:
    return _history(name, comment, fails("JSON", None), BEFORE + form + AFTER, source)


def _stays(name: str, comment: str, form: str, source: str = READERS) -> Vector:
    history = BEFORE + form + AFTER
    return _history(name, comment, gives_message(history.encode()), history, source)


def _base64() -> list[Vector]:
    wrapped = "\\r\\n".join(DATA[at : at + 8] for at in range(0, len(DATA), 8))
    return [
        _read("usual", "as every SDK writes it", _layer()),
        _read("unused-bits", "unused bits of base64 that are not 0", _layer(_with_unused_bits(ENCODING), _with_unused_bits(DATA))),
        _read("no-padding", "base64 without padding", _layer(ENCODING.rstrip("="), DATA.rstrip("="))),
        _read("half-padding", "base64 with one equals sign in place of two", _layer(data=DATA[:-1])),
        _read("more-padding", "base64 with three equals signs in place of two", _layer(data=DATA + "=")),
        _read("url-alphabet", "base64 in the alphabet of URLs", _layer(data=URL)),
        _read("url-alphabet-no-padding", "the same without padding", _layer(data=URL.rstrip("="))),
        _read("both-alphabets", "base64 in which both alphabets are mixed", _layer(data=URL.replace("_", "/", 1))),
        _read("line-breaks", "base64 in lines", _layer(data=wrapped + "\\n")),
        _read("spaces", "base64 with spaces and tabs", _layer(f" {ENCODING}", DATA.replace("A", "A \\t"))),
        _read("escaped-slash", "slashes that are escaped", _layer(data=DATA.replace("/", "\\/"))),
        _refused("foreign-character", "a character that is not of base64", _layer(data=DATA[:4] + "!" + DATA[4:])),
        _refused("after-padding", "base64 that goes on after its padding", _layer(data="MQ==" + DATA)),
        _refused("impossible-length", "one letter more than base64 may have", _layer(data=DATA.rstrip("=") + "AAA")),
        _refused("not-base64", "text that is not base64", _layer(data="?")),
    ]


def _members() -> list[Vector]:
    sizes = {
        "number": "5",
        "text": '"5"',
        "exponent": "5e2",
        "exponent-text": '"5E2"',
        "fraction-of-0": "5.0",
        "negative": "-5",
        "negative-text": '"-9223372036854775808"',
        "sign": '"+5"',
        "null": "null",
    }
    not_sizes = {
        "past-64-bits": "9223372036854775808",
        "past-64-bits-negative": "-9223372036854775809",
        "past-64-bits-text": '"-9223372036854775809"',
        "fraction": "5.5",
        "true": "true",
        "space": '" 5"',
        "empty": '""',
        "word": '"NaN"',
    }
    return [
        *(_read(f"size-{name}", "a size", _layer(more=f',"externalPayloads":[{{"sizeBytes":{size}}}]')) for name, size in sizes.items()),
        *(
            _refused(f"no-size-{name}", "what is not an integer of 64 bits", _layer(more=f',"externalPayloads":[{{"sizeBytes":{size}}}]'))
            for name, size in not_sizes.items()
        ),
        _read("snake-case", "the names of the proto file", _layer(more=',"external_payloads":[{"size_bytes":5}]')),
        _read("key-twice", "of two metadata entries of one key the last counts", _layer("MQ==", metadata=f',"encoding":"{ENCODING}"')),
        _read("data-twice", "of two members of one name the last counts", _layer(data="MQ==", more=f',"data":"{DATA}"')),
        _read(
            "metadata-twice",
            "the second metadata replace the first",
            '{"metadata":{"k":"MQ=="},' + _layer()[1:],
        ),
        _read("both-names", "one member under both its names", _layer(more=',"externalPayloads":[{}],"external_payloads":[{}]')),
        _read("null-members", "null is a member that is not set", _layer(more=',"externalPayloads":null')),
        _read(
            "null-value", "null in metadata is empty: Go's encoding/json writes it", _layer(metadata=',"k":null'), "go:converter/codec.go"
        ),
        _stays("null-payload-members", "a payload of which nothing is set", '{"metadata":null,"data":null}'),
        _refused("null-in-list", "null in a list", _layer(more=',"externalPayloads":[null]')),
        _read("unknown-members", "members that are newer than this library", '{"new":{"a":[null]},' + _layer(more=',"x":[{}]')[1:]),
        _read("unknown-details", "such members in the details", _layer(more=',"externalPayloads":[{"sizeBytes":5,"new":"?"}]')),
        _stays("unknown-members-stay", "they stay where the payload does not change", '{"metadata": {}, "data":"MR==","new":[1]}'),
        _stays(
            "decoded-in-metadata",
            "plain text in metadata that is base64 by chance, as a fixture of the Python SDK has it",
            '{"metadata":{"encoding":"anNvbi9wbGFpbg==","encodingDecoded":"json/plain"},"data":"workflow-result"}',
            "sdk-python:tests/worker/test_replayer_command_reordering_backward_compatibility.json",
        ),
        _read("escaped-names", "names with escapes", _layer().replace("data", "d\\u0061ta").replace("encoding", "encodin\\u0067")),
        _refused("data-number", "data that is a number", '{"metadata":{},"data":5}'),
        _refused("metadata-number", "a metadata value that is a number", '{"metadata":{"k":5}}'),
        _refused("metadata-list", "metadata that are a list", '{"metadata":[]}'),
    ]


def _readable() -> list[Vector]:
    values = {
        "text": '"a text"',
        "number": "7",
        "true": "true",
        "null": "null",
        "list": "[1]",
        "object": '{"order":{"id":7},"lines":[]}',
        "payload-of-a-number": '{"metadata":{"encoding":"json/plain"},"data":7}',
        "payload-of-text": '{"metadata":{"encoding":"json/plain"},"data":"abcd"}',
        "payload-of-an-object": '{"metadata":{"encoding":"json/protobuf","messageType":"m.M"},"data":{"id":"7"}}',
        "payload-of-null": '{"metadata":{"encoding":"binary/null"},"data":null}',
    }

    def event(text: str) -> bytes:
        return f'{{"events":[{{"eventId":"1",{text}}}]}}'.encode()

    places = {
        "payloads-list": '"workflowExecutionSignaledEventAttributes":{"input":["a text",7]}',
        "payloads-text": '"workflowExecutionSignaledEventAttributes":{"input":"a text"}',
        "memo": '"workflowExecutionStartedEventAttributes":{"memo":{"fields":{"k":"a text"}}}',
        "summary": '"userMetadata":{"summary":"a text"}',
        "attributes": (
            '"workflowExecutionFailedEventAttributes":{"failure":{"message":"Encoded failure","encodedAttributes":'
            '{"metadata":{"encoding":"json/plain"},"data":{"message":"m","stack_trace":""}}}}'
        ),
    }
    nothing = event('"workflowExecutionSignaledEventAttributes":{"input":null},"userMetadata":{"summary":null}')
    return [
        *(_refused(f"readable-{name}", "a value in the place of a payload", value, WEB_UI) for name, value in values.items()),
        *(
            _history(f"readable-{name}", "values in the place of payloads", fails("JSON", None), event(place), WEB_UI)
            for name, place in places.items()
        ),
        _history("null-fields", "null is a field that is not set", gives_message(nothing), nothing),
    ]


def _marks() -> list[Vector]:
    encoded, decoded = BEFORE + _layer() + AFTER, (BEFORE + DECODED + AFTER).encode()
    events = '[{"eventId":"1"}]'
    return [
        _history("mark", "a byte order mark", gives_message(decoded), b"\xef\xbb\xbf" + encoded.encode(), "RFC 8259, 8.1"),
        _history(
            "mark-list", "one where nothing is encoded", gives_message(events.encode()), b"\xef\xbb\xbf" + events.encode(), "RFC 8259, 8.1"
        ),
        *(
            _history(
                f"utf-16-{name}", "UTF-16, as Windows PowerShell writes it", fails("JSON", None), encoded.encode(codec), "RFC 8259, 8.1"
            )
            for name, codec in {"marked": "utf-16", "little-endian": "utf-16-le", "big-endian": "utf-16-be"}.items()
        ),
    ]


def _failure(name: str, comment: str, attributes: bytes, message: str, stack_trace: str = "") -> Vector:
    """What such attributes make of a failure."""
    failure = delimited(1, b"Encoded failure") + delimited(20, plain("json/plain", attributes))
    trace = delimited(3, stack_trace.encode()) if stack_trace else b""
    expect = gives_message(delimited(1, message.encode()) + trace)
    return Vector(f"payload-json-{name}", JAVASCRIPT, comment, "decode_failure", expect, config=NOTHING, input=failure)


def _surrogates() -> list[Vector]:
    text = b'{"message":"a\\ud800b","stack_trace":"\\udfff"}'
    sealed = encrypted(plain("json/plain", text))
    data = sealed[sealed.index(bytes(range(12))) :]
    key_id = base64.b64encode(KEY_ID.encode()).decode()
    metadata = {"encoding": base64.b64encode(b"binary/encrypted").decode(), "encryption-key-id": key_id}
    attributes = {"metadata": metadata, "data": base64.b64encode(data).decode()}
    encoded = {"message": "Encoded failure", "encodedAttributes": attributes}
    only_trace = json.loads(_printed(b"json/plain", b'{"stack_trace":"t"}'))

    def failed(failure: str) -> str:
        return f'{{"events":[{{"eventId":"1","activityTaskFailedEventAttributes":{{"failure":{failure}}}}}]}}'

    return [
        _failure("half-high", "the first half of a pair", b'{"message":"a\\ud800b","stack_trace":""}', "a\ufffdb"),
        _failure("half-low", "the second half alone, and in the stack trace", text, "a\ufffdb", "\ufffd"),
        _failure("half-then-pair", "half a pair, then a whole one", b'{"message":"\\ud83d\\ud83d\\ude00"}', "\ufffd\U0001f600"),
        _failure("half-at-end", "half a pair before the quote", b'{"message":"\\uD83D","stack_trace":"\\\\ud800"}', "\ufffd", "\\ud800"),
        _failure("half-elsewhere", "half a pair in a member that is not read", b'{"x\\ud800":"\\udc00","message":"m"}', "m"),
        _failure("attributes-not-utf-8", "a byte that is not UTF-8, as Go reads it", b'{"message":"a\xffb"}', "a\ufffdb"),
        _failure("attributes-twice", "of two messages the last counts", b'{"message":"x","message":"y","stack_trace":"t"}', "y", "t"),
        _history(
            "half-in-history",
            "half a pair in the attributes of a failure in a history, encrypted",
            gives_message(failed('{"message":"a\ufffdb","stackTrace":"\ufffd"}').encode()),
            failed(json.dumps(encoded)),
            JAVASCRIPT,
        ),
        _history(
            "half-in-message",
            "half a pair in the failure's own message, which is written anew",
            gives_message(failed('{"message":"a\ufffdb","stackTrace":"t"}').encode()),
            failed(f'{{"message":"a\\ud800b","encodedAttributes":{json.dumps(only_trace)}}}'),
            JAVASCRIPT,
        ),
        _read("half-in-key", "half a pair in a metadata key", _layer(metadata=',"k\\ud800":"MQ=="'), JAVASCRIPT),
        _read("half-in-unknown", "half a pair in an unknown member", _layer(more=',"x\\ud800":"\\udc00"'), JAVASCRIPT),
        _stays("half-untouched", "half a pair elsewhere stays as it is", _layer("anNvbi9wbGFpbg==", more=',"x":"\\ud800"'), JAVASCRIPT),
    ]


def _printed_forms() -> list[Vector]:
    """What decode writes into a history in the place of a layer."""

    def opened(name: str, comment: str, inner: bytes, form: str) -> Vector:
        layer = zlibbed(inner)
        text = _printed(b"binary/zlib", layer[layer.index(b"\x78\x01") :])
        return _history(f"printed-{name}", comment, gives_message((BEFORE + form + AFTER).encode()), BEFORE + text + AFTER, PROTOJSON)

    null = plain("binary/null", b"")
    no_data = delimited(1, delimited(1, b"encoding") + delimited(2, b"binary/null"))
    form = '{"metadata":{"encoding":"YmluYXJ5L251bGw="},"data":""'
    sizes = "".join(f'{{"sizeBytes":"{size}"}},' for size in (-5, 0, 2**63 - 1))[:-1]
    details = b"".join(delimited(3, number_field(1, size % 2**64) if size else b"") for size in (-5, 0, 2**63 - 1))
    return [
        opened("no-data", "data is printed even where it is not there: the Web UI hides a list without it", no_data, form + "}"),
        opened("empty-data", "and where it is empty", null, form + "}"),
        opened("sizes", "sizes are signed, in the order in which they came", null + details, f'{form},"externalPayloads":[{sizes}]}}'),
        opened(
            "wire-types",
            "a known number with another wire type is an unknown field, and JSON has no place for it",
            null + number_field(1, 1) + number_field(2, 1) + number_field(3, 1) + delimited(4, b"new"),
            form + "}",
        ),
        opened(
            "keys",
            "keys are sorted, and of two of a kind the last counts",
            delimited(1, delimited(1, b"k") + delimited(2, b"1")) + no_data + delimited(1, delimited(1, b"k") + delimited(2, b"2")),
            '{"metadata":{"encoding":"YmluYXJ5L251bGw=","k":"Mg=="},"data":""}',
        ),
    ]


def _depth() -> list[Vector]:
    # The history itself nests seven levels down to a member of a payload.
    deepest = "[" * 993 + "]" * 993
    return [
        _read("depth-most", "an unknown member as deep as JSON may be", _layer(more=f',"new":{deepest}'), "jackson:StreamReadConstraints"),
        _history(
            "depth-past",
            "one level deeper",
            fails("LIMIT", None),
            BEFORE + _layer(more=f',"new":[{deepest}]') + AFTER,
            "jackson:StreamReadConstraints",
        ),
    ]


FAMILY = Family(
    "payload-json.json",
    "The JSON of payloads in histories and failures: what every reader takes, and what none does.",
    [*_base64(), *_members(), *_readable(), *_marks(), *_surrogates(), *_printed_forms(), *_depth()],
)
