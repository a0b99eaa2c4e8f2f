"""`Any` in JSON: every well-known type and ordinary messages in it, against the runtimes of the SDKs.

Each of Go's protojson, Python's json_format, Java's JsonFormat and TypeScript's protobufjs writes and tdc reads, and tdc writes and each of
them reads; the messages must be equal. The runtimes among themselves are shown, too: where they differ, docs/FORMAT.md has a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    json_format,
    message_factory,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)

import oracles
from library import TdcError
from matrix import COLUMN
from messages import Payload, join, split
from participants import LANGUAGES, FailedError, SkippedError

if TYPE_CHECKING:
    from library import DataConverter, Library
    from participants import Runner

CONFIG = "version: 1\nconverters: [json-protobuf]\n"
PREFIX = "type.googleapis.com/"

_PACKAGE = "tdc.conformance"
_WELL_KNOWN = (any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2)
_Field = descriptor_pb2.FieldDescriptorProto


def _file() -> descriptor_pb2.FileDescriptorProto:
    """What holds an Any in every way, and an ordinary message that may be in it."""
    file = descriptor_pb2.FileDescriptorProto(name="tdc/anys.proto", package=_PACKAGE, syntax="proto3")
    file.dependency.append("google/protobuf/any.proto")
    any_name, ordinary = ".google.protobuf.Any", f".{_PACKAGE}.Ordinary"

    def add(message: Any, number: int, name: str, kind: Any, of: str = "", *, many: bool = False) -> None:
        label = _Field.LABEL_REPEATED if many else _Field.LABEL_OPTIONAL
        message.field.add(number=number, name=name, type=kind, label=label, type_name=of or None)

    holder = file.message_type.add(name="Holder")
    entry = holder.nested_type.add(name="NamedEntry")
    entry.options.map_entry = True
    add(entry, 1, "key", _Field.TYPE_STRING)
    add(entry, 2, "value", _Field.TYPE_MESSAGE, any_name)
    add(holder, 1, "one", _Field.TYPE_MESSAGE, any_name)
    add(holder, 2, "many", _Field.TYPE_MESSAGE, any_name, many=True)
    add(holder, 3, "named", _Field.TYPE_MESSAGE, f".{_PACKAGE}.Holder.NamedEntry", many=True)
    message = file.message_type.add(name="Ordinary")
    add(message, 1, "text", _Field.TYPE_STRING)
    add(message, 2, "some_numbers", _Field.TYPE_INT64, many=True)
    add(message, 3, "child", _Field.TYPE_MESSAGE, ordinary)
    add(message, 4, "inner", _Field.TYPE_MESSAGE, any_name)
    # A field that is called as the member of an Any is.
    add(message, 5, "value", _Field.TYPE_BYTES)
    return file


FILE = _file()
_POOL = descriptor_pool.DescriptorPool()
for _module in _WELL_KNOWN:
    _POOL.AddSerializedFile(_module.DESCRIPTOR.serialized_pb)
_POOL.Add(FILE)


def _class(name: str) -> Any:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(name))


Holder, Ordinary, Anything = _class(f"{_PACKAGE}.Holder"), _class(f"{_PACKAGE}.Ordinary"), _class("google.protobuf.Any")
HOLDER = f"{_PACKAGE}.Holder"


def _packed(message: Any) -> Any:
    return Anything(type_url=PREFIX + message.DESCRIPTOR.full_name, value=message.SerializeToString(deterministic=True))


def _contents() -> dict[str, Any]:
    """What may be in an Any, by names."""
    struct = struct_pb2.Struct()
    struct.update({"list": [1, "two", None, True, {}], "nested": {"@type": "x", "value": 0.5}})
    listed = struct_pb2.ListValue()
    listed.extend([None, 1.5, "x"])
    listed.add_list()
    listed.add_struct().update({"k": [False]})
    text = 'e\u0301 Grüße, 世界, 🍵 \u2028"\\</script>'
    contents: dict[str, Any] = {
        "Empty": empty_pb2.Empty(),
        "Timestamp": timestamp_pb2.Timestamp(seconds=1_763_000_000, nanos=120_000_000),
        "Timestamp of 0": timestamp_pb2.Timestamp(),
        "Duration": duration_pb2.Duration(seconds=-3, nanos=-1000),
        "Duration of 0": duration_pb2.Duration(),
        "FieldMask": field_mask_pb2.FieldMask(paths=["one_field.inner", "other"]),
        "FieldMask without paths": field_mask_pb2.FieldMask(),
        "Struct": struct,
        "Struct without fields": struct_pb2.Struct(),
        "Value of null": struct_pb2.Value(null_value=struct_pb2.NULL_VALUE),
        "Value of a number": struct_pb2.Value(number_value=-1e-7),
        "Value of 0": struct_pb2.Value(number_value=0),
        "Value of text": struct_pb2.Value(string_value=text),
        "Value of empty text": struct_pb2.Value(string_value=""),
        "Value of false": struct_pb2.Value(bool_value=False),
        "Value of a Struct": struct_pb2.Value(struct_value=struct),
        "Value of a list": struct_pb2.Value(list_value=listed),
        "ListValue": listed,
        "ListValue without values": struct_pb2.ListValue(),
        "an ordinary message without fields": Ordinary(),
        "an ordinary message": Ordinary(text=text, some_numbers=[2**53 + 1, 0, -1], child=Ordinary(), value=b"\xff"),
        "an ordinary message with an Any": Ordinary(inner=_packed(empty_pb2.Empty()), child=Ordinary(inner=_packed(struct))),
    }
    wrappers = {"Double": -0.5, "Float": 0.1, "Int64": -(2**63), "UInt64": 2**64 - 1, "Int32": -(2**31), "UInt32": 2**32 - 1}
    for name, value in {**wrappers, "Bool": True, "String": text, "Bytes": b"\xfb\xff"}.items():
        kind = getattr(wrappers_pb2, f"{name}Value")
        contents[f"{name}Value"], contents[f"{name}Value of nothing"] = kind(value=value), kind()
    contents |= {f"Any of {name}": _packed(content) for name, content in list(contents.items())}
    contents |= {"Any without a type": Anything(), "Any of Any of Empty": _packed(_packed(empty_pb2.Empty()))}
    return contents


def corpus() -> dict[str, Any]:
    """Holders: each content alone, twice in a list, and as a value of a map."""
    holders: dict[str, Any] = {"an Any without a type": Holder(one=Anything(), many=[Anything()])}
    contents = _contents()
    for name, content in contents.items():
        one = _packed(content)
        holders[name] = Holder(one=one)
        holders[f"{name}, in a list"] = Holder(many=[one, one])
        holders[f"{name}, in a map"] = Holder(named={"": one, "k": one})
    everything = [_packed(content) for content in contents.values()]
    holders["everything"] = Holder(many=everything, named={str(index): item for index, item in enumerate(everything)})
    return holders


def run(runner: Runner, library: Library) -> list[str]:
    """Compares each with all others; returns the failures in which tdc takes part."""
    holders = corpus()
    problems: list[str] = []
    everybody = ("tdc", *LANGUAGES)
    cells: dict[tuple[str, str], str] = {}
    skipped: dict[str, str] = {}
    with library.parse(CONFIG) as converter:
        converter.provide_descriptor(descriptor_pb2.FileDescriptorSet(file=[FILE]).SerializeToString())
        written = {}
        for writer in everybody:
            try:
                written[writer] = _write(runner, converter, writer, list(holders.values()))
            except (SkippedError, FailedError) as error:
                _absent(writer, error, skipped, problems)
        for writer, texts in written.items():
            problems += [
                f"Any: {writer} cannot write: {name}: {text}" for name, text in zip(holders, texts, strict=True) if isinstance(text, str)
            ]
            for reader in written:
                read = _read(runner, converter, reader, [text if isinstance(text, bytes) else b"" for text in texts])
                wrong = [
                    f"{name}: {why}" for (name, holder), wire in zip(holders.items(), read, strict=True) if (why := _differs(holder, wire))
                ]
                cells[writer, reader] = f"{len(holders) - len(wrong)}"
                if "tdc" in (writer, reader):
                    problems += [f"Any: {writer} → {reader}: {what}" for what in wrong]
    print(f"\nwell-known types and messages in Any, as JSON\nread equal, of {len(holders)}; written by ↓, read by →")
    print(" " * COLUMN + "".join(f"{name:>{COLUMN}}" for name in everybody))
    for writer in everybody:
        print(f"{writer:<{COLUMN}}" + "".join(f"{cells.get((writer, reader), 'skipped'):>{COLUMN}}" for reader in everybody))
    for name, reason in skipped.items():
        print(f"{name}: skipped, because {reason}")
    return problems


def _absent(name: str, error: Exception, skipped: dict[str, str], problems: list[str]) -> None:
    if isinstance(error, SkippedError):
        skipped[name] = str(error)
    else:
        problems.append(f"Any: {name}: {error}")


def _record(data: bytes) -> Any:
    record = oracles.record(data, type=HOLDER)
    record.metadata["file"] = FILE.SerializeToString()
    return record


def _write(runner: Runner, converter: DataConverter, who: str, holders: list[Any]) -> list[bytes | str]:
    """The JSON of each, or why there is none."""
    wires = [holder.SerializeToString(deterministic=True) for holder in holders]
    if who == "tdc":
        return [_converted(converter.to_payload, b"binary/protobuf", wire) for wire in wires]
    answers = oracles.ask(runner, who, "write-json", [_record(wire) for wire in wires])
    return [oracles.error_of(answer) or bytes(answer.data) for answer in answers]


def _read(runner: Runner, converter: DataConverter, who: str, texts: list[bytes]) -> list[bytes | str]:
    """The message of each JSON text, or why it was refused."""
    if who == "tdc":
        return [_converted(converter.from_payload, b"json/protobuf", text) for text in texts]
    answers = oracles.ask(runner, who, "read-json", [_record(text) for text in texts])
    return [oracles.error_of(answer) or bytes(answer.data) for answer in answers]


def _converted(convert: Any, encoding: bytes, data: bytes) -> bytes | str:
    value = Payload(metadata={"encoding": encoding, "messageType": HOLDER.encode()}, data=data)
    try:
        [converted] = split(convert(join([value.SerializeToString()])))
    except TdcError as error:
        return str(error)
    return bytes(Payload.FromString(converted).data)


def _differs(holder: Any, wire: bytes | str) -> str:
    """Why what was read is not the holder."""
    if isinstance(wire, str):
        return wire
    read = Holder.FromString(wire)
    # The bytes in an Any may have their maps in another order.
    same = _content(read) == _content(holder)
    return "" if same else f"read as {_content(read)!r:.200}"


def _content(holder: Any) -> Any:
    return json_format.MessageToDict(holder, descriptor_pool=_POOL)
