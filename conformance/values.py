"""The values that go through every pair of a data converter that writes and one that reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from google.protobuf import any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.json_format import MessageToDict

import oracles
from messages import Payload

_TEXT = "e\u0301 Grüße, 世界, שלום, 🍵 \u2028\u2029\u007f"
_HTML = "<script>alert('&\"');</script>"


@dataclass(frozen=True)
class Value:
    """A value: `kind` says what a language has it as, `data` what it is, as bytes, text or JSON; of a message the serialised form."""

    name: str
    kind: str
    data: bytes
    message: Any = None

    @property
    def type(self) -> str:
        """Full name of the message."""
        return "" if self.message is None else str(self.message.DESCRIPTOR.full_name)

    def record(self, data: bytes) -> Any:
        """A record of the same kind for an oracle."""
        return oracles.record(data, kind=self.kind, type=self.type)

    def equals(self, data: bytes) -> bool:
        """Whether `data` describes the same value."""
        if self.kind == "message":
            read = type(self.message).FromString(data)
            # The bytes in an Any may have their maps in another order.
            is_any = isinstance(self.message, any_pb2.Any)
            return bool(MessageToDict(read) == MessageToDict(self.message) if is_any else read == self.message)
        if self.kind in {"null", "bytes", "string"}:
            return data == self.data
        return bool(_parsed(data) == _parsed(self.data))

    def raw(self) -> bytes:
        """The value in the raw form that a host hands to the C ABI: a serialised payload."""
        of_kind = {"null": "binary/null", "bytes": "binary/plain", "message": "binary/protobuf"}
        metadata = {"encoding": of_kind.get(self.kind, "json/plain").encode()}
        if self.message is not None:
            metadata["messageType"] = self.type.encode()
        data = json.dumps(self.data.decode()).encode() if self.kind == "string" else self.data
        return bytes(Payload(metadata=metadata, data=data).SerializeToString())

    def is_raw(self, payload: bytes) -> bool:
        """Whether a payload in raw form is this value."""
        parsed, expected = Payload.FromString(payload), Payload.FromString(self.raw())
        if parsed.metadata["encoding"] != expected.metadata["encoding"] or parsed.metadata.get("messageType", b"") != self.type.encode():
            return False
        return self.equals(json.loads(parsed.data).encode() if self.kind == "string" else parsed.data)


def _parsed(data: bytes) -> Any:
    # A float may come as `1.0E7` or as `10000000`: Python holds them equal, and so does every
    # reader of JSON.
    return json.loads(data)


def corpus() -> list[Value]:
    """All of them."""
    values = [
        Value("null", "null", b""),
        Value("empty bytes", "bytes", b""),
        Value("bytes", "bytes", bytes(range(256))),
        Value("true", "bool", b"true"),
        Value("false", "bool", b"false"),
        Value("empty string", "string", b""),
        Value("ASCII", "string", b"Testing"),
        Value("Unicode", "string", _TEXT.encode()),
        Value("HTML", "string", _HTML.encode()),
        Value("control characters", "string", bytes(range(32))),
    ]
    integers = [0, -1, 2**31, *(sign * (2**53 + n) for sign in (1, -1) for n in (-1, 0, 1)), 2**63 - 1, -(2**63), -(2**63) + 1]
    values += [Value(f"integer {n}", "int", str(n).encode()) for n in integers]
    values += [Value(f"unsigned {n}", "uint", str(n).encode()) for n in (2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1)]
    floats = ("0.0", "-0.5", "0.1", "1e7", "1e20", "1e21", "1e-7", "5e-324", "1.7976931348623157e308", "9007199254740992.0")
    values += [Value(f"float {text}", "float", text.encode()) for text in floats]
    nested = {"b": [1, {"c": None, "a": [[], {}, "", _TEXT]}, 2.5], "<&>": {"z": True, "y": -1e-7}, "": 2**53 - 1}
    values += [
        Value("list of integers", "integers", json.dumps([2**63 - 1, -(2**63), 0]).encode()),
        Value("empty list", "integers", b"[]"),
        Value("nested", "nested", json.dumps(nested).encode()),
        Value("empty object", "nested", b"{}"),
    ]
    return values + [Value(name, "message", message.SerializeToString(deterministic=True), message) for name, message in _messages()]


def past_exact_doubles() -> set[str]:
    """Names of the integers that a language whose only numbers are doubles does not write as they are."""
    integers = [value for value in corpus() if value.kind in {"int", "uint"}]
    return {value.name for value in integers if abs(int(value.data)) > 2**53}


def _messages() -> list[tuple[str, Any]]:
    struct = struct_pb2.Struct()
    struct.update({"list": [1, "two", None, True], "nested": {"<&>": _TEXT}, "number": 0.1})
    listed = struct_pb2.ListValue()
    listed.extend([1.5, "x"])
    listed.add_struct().update({"k": struct_pb2.ListValue()})
    any_of_type, any_of_message = any_pb2.Any(), any_pb2.Any()
    any_of_type.Pack(duration_pb2.Duration(seconds=3, nanos=1000))
    any_of_message.Pack(struct)
    payload = Payload(metadata={"encoding": b"json/plain", "k": bytes(range(256))}, data=b"{}")
    payload.external_payloads.add(size_bytes=2**62)
    return [
        ("Timestamp", timestamp_pb2.Timestamp(seconds=1_763_000_000, nanos=123_456_789)),
        ("Timestamp, earliest", timestamp_pb2.Timestamp(seconds=-62_135_596_800)),
        ("Duration", duration_pb2.Duration(seconds=-315_576_000_000)),
        ("Duration, nanos", duration_pb2.Duration(seconds=-1, nanos=-1)),
        ("Struct", struct),
        ("Value", struct_pb2.Value(list_value=listed)),
        ("Value of null", struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)),
        ("ListValue", listed),
        ("FieldMask", field_mask_pb2.FieldMask(paths=["one_field.inner", "other"])),
        ("Empty", empty_pb2.Empty()),
        ("Any of a well-known type", any_of_type),
        ("Any of a Struct", any_of_message),
        ("DoubleValue", wrappers_pb2.DoubleValue(value=5e-324)),
        ("DoubleValue, not a number", wrappers_pb2.DoubleValue(value=float("-inf"))),
        ("FloatValue", wrappers_pb2.FloatValue(value=0.1)),
        ("Int64Value", wrappers_pb2.Int64Value(value=-(2**63))),
        ("UInt64Value", wrappers_pb2.UInt64Value(value=2**64 - 1)),
        ("Int32Value", wrappers_pb2.Int32Value(value=-(2**31))),
        ("UInt32Value", wrappers_pb2.UInt32Value(value=2**32 - 1)),
        ("BoolValue", wrappers_pb2.BoolValue(value=True)),
        ("StringValue", wrappers_pb2.StringValue(value=_TEXT + _HTML)),
        ("BytesValue", wrappers_pb2.BytesValue(value=bytes(range(256)))),
        ("a message of Temporal's API", payload),
    ]
