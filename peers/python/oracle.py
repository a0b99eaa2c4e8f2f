"""What the SDK itself says: its own visitor, and the data converter that it has by default.

Records are payloads whose metadata say what their data are; `driver.py` has the files of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import pkgutil
from collections.abc import Callable, Iterable
from typing import Any

import temporal_tdc
import temporalio.api
from google.protobuf import descriptor_pb2, symbol_database
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.bridge._visitor import PayloadVisitor
from temporalio.bridge._visitor_functions import PayloadSequence, VisitorFunctions
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
)
from temporalio.exceptions import ApplicationError, CancelledError, FailureError

import protobuf_json

#: Put behind what the SDK's visitor came to: twice where it came twice.
VISITED = b"!"

OPERATIONS = (
    "visit-payloads",
    "write-values",
    "read-values",
    "write-failures",
    "read-failures",
    "write-json",
    "read-json",
    "read-history",
)


def describe() -> bytes:
    """The descriptors of the API that this SDK was built with, each file after those it imports."""
    files = descriptor_pb2.FileDescriptorSet()
    seen: set[str] = set()

    def add(file: Any) -> None:
        if file.name not in seen:
            seen.add(file.name)
            for imported in file.dependencies:
                add(imported)
            file.CopyToProto(files.file.add())

    for module in _API:
        add(module.DESCRIPTOR)
    return files.SerializeToString()


def _modules(package: Any) -> Iterable[Any]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        # Those of services need google.api, which the SDK does not bring, and hold no messages.
        if found.name.endswith("_pb2") and not found.name.endswith(".service_pb2"):
            yield importlib.import_module(found.name)


#: Messages must be imported to be found by their names, the well-known types as well.
_API = list(_modules(temporalio.api))
for _name in ("any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"):
    importlib.import_module(f"google.protobuf.{_name}_pb2")


class _Marking(VisitorFunctions):
    async def visit_payload(self, payload: Payload) -> None:
        payload.data += VISITED

    async def visit_payloads(self, payloads: PayloadSequence) -> None:
        for payload in payloads:
            payload.data += VISITED


def answer(operation: str, records: list[Payload], tdc: temporal_tdc.Tdc | None) -> list[Payload]:
    """What the SDK answers, or tdc; a record that it cannot answer becomes its error."""
    if tdc is None:
        # As in every language here, failures hide their text.
        converter = DataConverter(
            failure_converter_class=DefaultFailureConverterWithEncodedAttributes
        )
    else:
        converter = tdc.data_converter
    functions: dict[str, Callable[[Payload], Payload]] = {
        "visit-payloads": _visit,
        "write-values": lambda record: _write_value(converter, record),
        "read-values": lambda record: _read_value(converter, record),
        "write-failures": lambda record: _write_failure(converter, record),
        "read-failures": lambda record: _read_failure(converter, record),
        "write-json": protobuf_json.write,
        "read-json": protobuf_json.read,
        "read-history": protobuf_json.read_history,
    }
    answers: list[Payload] = []
    for record in records:
        try:
            answers.append(functions[operation](record))
        except Exception as error:  # noqa: BLE001 (whatever it is, it is the answer)
            answers.append(Payload(metadata={"error": f"{type(error).__name__}: {error}".encode()}))
    return answers


def _visit(record: Payload) -> Payload:
    message = _class(record).FromString(record.data)
    visitor = PayloadVisitor(skip_search_attributes=True)
    asyncio.run(visitor.visit(_Marking(), message))
    return Payload(metadata=record.metadata, data=message.SerializeToString())


def _class(record: Payload) -> type[Message]:
    name = record.metadata["type"].decode()
    return symbol_database.Default().GetSymbol(name)


def _write_value(converter: DataConverter, record: Payload) -> Payload:
    kind, data = record.metadata["kind"].decode(), record.data
    values: dict[str, Callable[[], Any]] = {
        "null": lambda: None,
        "bytes": lambda: data,
        "string": data.decode,
        "float": lambda: float(data),
        "message": lambda: _class(record).FromString(data),
    }
    value = values.get(kind, lambda: json.loads(data))()
    [payload] = asyncio.run(converter.encode([value]))
    return Payload(data=payload.SerializeToString())


def _read_value(converter: DataConverter, record: Payload) -> Payload:
    kind = record.metadata["kind"].decode()
    hints: dict[str, type] = {
        "bytes": bytes,
        "string": str,
        "bool": bool,
        "int": int,
        "uint": int,
        "float": float,
        "integers": list[int],
    }
    hint = _class(record) if kind == "message" else hints.get(kind)
    payload = Payload.FromString(record.data)
    [value] = asyncio.run(converter.decode([payload], [hint] if hint else None))
    expected = hint if isinstance(hint, type) else object
    if not isinstance(value, expected) or (kind == "null" and value is not None):
        raise TypeError(f"a {kind} came as {type(value).__name__}")
    if isinstance(value, Message):
        return Payload(data=value.SerializeToString())
    if isinstance(value, bytes):
        return Payload(data=value)
    if isinstance(value, str):
        return Payload(data=value.encode())
    return Payload(data=b"" if value is None else json.dumps(value).encode())


def _write_failure(converter: DataConverter, record: Payload) -> Payload:
    innermost, *outer = reversed(json.loads(record.data))
    raised = _raised(innermost, None)
    for link in outer:
        raised = _raised(link, raised)
    failure = Failure()
    asyncio.run(converter.encode_failure(raised, failure))
    return Payload(data=failure.SerializeToString())


def _raised(link: dict[str, Any], cause: BaseException | None) -> BaseException:
    error: BaseException
    if link["kind"] == "application":
        error = ApplicationError(
            link["message"],
            *link["details"],
            type=link["type"],
            non_retryable=link["non_retryable"],
        )
    elif link["kind"] == "canceled":
        error = CancelledError(link["message"], *link["details"])
    else:
        error = ValueError(link["message"])
    # It must have been raised, or it has no stack trace.
    with contextlib.suppress(type(error)):
        raise error from cause
    return error


def _read_failure(converter: DataConverter, record: Payload) -> Payload:
    failure = Failure.FromString(record.data)
    read: BaseException | None = asyncio.run(converter.decode_failure(failure))
    chain: list[dict[str, Any]] = []
    while read is not None:
        chain.append(_describe(read))
        read = read.__cause__
    return Payload(data=json.dumps(chain).encode())


def _describe(read: BaseException) -> dict[str, Any]:
    link: dict[str, Any] = {
        "kind": "own",
        "message": str(read),
        "type": "",
        "non_retryable": False,
        "details": [],
    }
    if isinstance(read, ApplicationError):
        link["kind"], link["message"], link["type"] = "application", read.message, read.type or ""
        link["non_retryable"] = read.non_retryable
    elif isinstance(read, CancelledError):
        link["kind"], link["message"] = "canceled", read.message
    if isinstance(read, (ApplicationError, CancelledError)):
        link["details"] = list(read.details)
    if isinstance(read, FailureError) and read.failure is not None:
        link["stack_trace"] = read.failure.stack_trace
    return link
