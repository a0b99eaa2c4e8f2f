"""A decoded history as columns: a row an event, with the payloads in it.

What leads to payloads is worked out from the descriptors, once for each type. The extension module
reads the common events by it, four times as fast; all others, and all where there is no such
module, are read here.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from temporalio.api.common.v1 import Payload, Payloads, SearchAttributes
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.api.sdk.v1 import UserMetadata

from temporal_tdc._codes import Code
from temporal_tdc._errors import InputError
from temporal_tdc._native_call import native_event_rows

EVENTS_DDL: Final = (
    "namespace string, workflow_id string, run_id string, workflow_type string, event_id bigint, "
    "event_time timestamp, event_type string, payloads array<struct<path: string, "
    "encoding: string, type: string, text: string, bytes: binary>>"
)
"""The columns as Spark writes a schema."""

_NAMES: Final = [
    *("namespace", "workflow_id", "run_id", "workflow_type"),
    *("event_id", "event_time", "event_type", "payloads"),
]

_ROWS: Final = 50_000
_BYTES: Final = 16 << 20
"""A batch ends with the history that makes it so many events or bytes."""

_FIRST_SECOND: Final = -62_135_596_800  # protobuf's range of a timestamp
_LAST_SECOND: Final = 253_402_300_799

_PAYLOAD: Final = Payload.DESCRIPTOR.full_name
_PAYLOADS: Final = Payloads.DESCRIPTOR.full_name
_FAILURE: Final = Failure.DESCRIPTOR.full_name
_NEVER: Final = {SearchAttributes.DESCRIPTOR.full_name}
"""The server reads them, so no codec touches them."""

_STARTED: Final = "workflow_execution_started_event_attributes"
_TASK_FAILED: Final = "workflow_task_failed_event_attributes"
_RESET: Final = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW

Found = Callable[[str, Message], None]
"""Called with the path and the payload, or the failure."""

_Visit = Callable[[Any, str, Found], None]
"""Visits the payloads below a message, whose path comes with it."""

_DEEPEST: Final = 8
_COMMON: Final = 16
"""More payloads in a list are left to Python."""


def payload_visit(descriptor: Descriptor | None) -> _Visit | None:
    """Give what visits all payloads and failures in messages of a type; ``None`` if it has none."""
    if descriptor is None or descriptor.full_name in _NEVER or not _leads(descriptor):
        return None
    return functools.partial(_visit, descriptor)


def _visit(descriptor: Descriptor, message: Any, path: str, found: Found) -> None:
    if descriptor.full_name == _FAILURE:
        found(path, message)
    for step in _steps(descriptor):
        step(message, path, found)


@functools.cache
def _steps(descriptor: Descriptor) -> tuple[_Visit, ...]:
    """What is to be done for each field that leads to payloads."""
    by_number = sorted(descriptor.fields, key=lambda field: field.number)
    fields = (field for field in by_number if _target(field) is not None)
    return tuple(map(_step, fields))


def _step(field: FieldDescriptor) -> _Visit:
    target = _target(field)
    if target is None:
        raise AssertionError(field.full_name)
    name, shown = field.name, "." + field.json_name
    is_payload = target.full_name == _PAYLOAD
    each: _Visit = _payload if is_payload else functools.partial(_visit, target)

    def of_map(message: Any, path: str, found: Found) -> None:
        entries = getattr(message, name)
        for key in entries:
            each(entries[key], f"{path}{shown}.{key}", found)

    def of_list(message: Any, path: str, found: Found) -> None:
        for index, item in enumerate(getattr(message, name)):
            each(item, f"{path}{shown}[{index}]", found)

    def of_one(message: Any, path: str, found: Found) -> None:
        if message.HasField(name):
            each(getattr(message, name), path + shown, found)

    if _is_map(field):
        return of_map
    return of_list if _is_repeated(field) else of_one


def _payload(message: Message, path: str, found: Found) -> None:
    found(path, message)


def _target(field: FieldDescriptor) -> Descriptor | None:
    """The type that a field leads to, if that can hold payloads."""
    target = field.message_type
    if target is not None and _is_map(field):
        target = target.fields_by_name["value"].message_type
    if target is None or target.full_name in _NEVER or not _leads(target):
        return None
    return target


@functools.cache
def _leads(descriptor: Descriptor) -> bool:
    """Whether a payload is reachable from a type."""
    seen: set[str] = set()
    rest = [descriptor]
    while rest:
        each = rest.pop()
        if each.full_name == _PAYLOAD:
            return True
        if each.full_name not in seen and each.full_name not in _NEVER:
            seen.add(each.full_name)
            rest += [field.message_type for field in each.fields if field.message_type is not None]
    return False


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _is_repeated(field: FieldDescriptor) -> bool:
    # protobuf 7 has no `label` any more, and 4 no `is_repeated`.
    repeated: Any = getattr(field, "is_repeated", None)
    return bool(getattr(field, "label", 0) == 3 if repeated is None else repeated)  # noqa: PLR2004


class _Encodings(dict[bytes, tuple[str, bool]]):
    """An encoding as text, and whether its data is text."""

    def __missing__(self, encoding: bytes) -> tuple[str, bool]:
        made = encoding.decode(errors="replace"), encoding.startswith(b"json/")
        if len(self) < 1000:  # noqa: PLR2004 # workflows write what they like
            self[encoding] = made
        return made


class Events:
    """Collects events, and gives them as an Arrow batch."""

    def __init__(self) -> None:
        """Begin with no rows."""
        # A list a column: a tuple a row would keep the garbage collector busy.
        self._workflows: list[tuple[str | None, ...]] = []
        self._ends: list[int] = []
        self._ids: list[int] = []
        self._times: list[int | None] = []
        self._types: list[int] = []
        self._offsets = [0]
        self._paths: list[str] = []
        self._names: list[str | None] = []
        self._kinds: list[str | None] = []
        self._texts: list[bytes | None] = []
        self._contents: list[bytes | None] = []
        self._bytes = 0
        self._encodings = _Encodings()
        self._workflow: tuple[str | None, ...] = (None, None, None)
        self._event_rows = native_event_rows()
        self._quick = (_event_plan(), self._encodings, self._add_serialised, self._columns())

    @property
    def is_full(self) -> bool:
        """Whether there is enough for a batch."""
        return self._bytes >= _BYTES or len(self._ids) >= _ROWS

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing for a batch."""
        return not self._ids

    def add(self, namespace: str | None, history: bytes) -> None:
        """Add a decoded history.

        Raises:
            InputError: It is not a history.
        """
        self._workflow = None, None, None
        before = len(self._ids)
        try:
            if self._event_rows is None or not self._event_rows(history, *self._quick):
                for index, event in enumerate(History.FromString(history).events):
                    self._add(event, is_first=index == 0)
        except (DecodeError, UnicodeDecodeError):  # older runtimes look at text only when asked
            message = "the contents are not a valid History"
            raise InputError(message, code=Code.ERR_PROTOBUF) from None
        self._bytes += len(history)
        if len(self._ids) > before:
            self._workflows.append((namespace, *self._workflow))
            self._ends.append(len(self._ids))

    def _add_serialised(self, event: bytes, is_first: bool) -> None:  # noqa: FBT001
        """Add an event that is none of the common ones."""
        self._add(HistoryEvent.FromString(event), is_first=is_first)

    def _add(self, event: HistoryEvent, *, is_first: bool) -> None:
        kind: Any = event.WhichOneof("attributes")
        if kind is not None:
            visit, path = _attributes(kind)
            if visit is not None:
                visit(getattr(event, kind), path, self._found)
        if event.HasField("user_metadata"):
            _visit(UserMetadata.DESCRIPTOR, event.user_metadata, "userMetadata", self._found)
        time = event.event_time
        if not _FIRST_SECOND <= time.seconds <= _LAST_SECOND:
            message = f"event {event.event_id}: its time is not between the years 1 and 9999"
            raise InputError(message, code=Code.ERR_PROTOBUF)
        self._ids.append(event.event_id)
        self._times.append(time.seconds * 1_000_000 + time.nanos // 1000 or None)
        self._types.append(event.event_type)
        self._offsets.append(len(self._paths))
        if is_first and kind == _STARTED:
            started = event.workflow_execution_started_event_attributes
            name, run_id = started.workflow_type.name, started.original_execution_run_id
            self._workflow = started.workflow_id or None, run_id or None, name or None
        elif kind == _TASK_FAILED:
            # A reset run begins with the events of the run before, ids included; the task that the
            # reset failed names the new run.
            failed = event.workflow_task_failed_event_attributes
            if failed.cause == _RESET and failed.new_run_id:
                self._workflow = self._workflow[0], failed.new_run_id, self._workflow[2]

    def _columns(self) -> tuple[list[Any], ...]:
        events = self._ids, self._times, self._types, self._offsets
        return *events, self._paths, self._names, self._kinds, self._texts, self._contents

    def batch(self) -> Any:
        """Give what was collected, and begin anew."""
        arrow = importlib.import_module("pyarrow")
        compute = importlib.import_module("pyarrow.compute")
        ends = arrow.array(self._ends, arrow.int32())
        workflows = list(zip(*self._workflows, strict=True)) or [()] * 4
        arrays = [
            compute.run_end_decode(
                arrow.RunEndEncodedArray.from_arrays(ends, arrow.array(values, arrow.string()))
            )
            for values in workflows
        ]
        payloads = arrow.StructArray.from_arrays(
            [
                arrow.array(self._paths, arrow.string()),
                arrow.array(self._names, arrow.string()),
                arrow.array(self._kinds, arrow.string()),
                *_contents(arrow, self._texts, self._contents),
            ],
            ["path", "encoding", "type", "text", "bytes"],
        )
        arrays += [
            arrow.array(self._ids, arrow.int64()),
            arrow.array(self._times, arrow.timestamp("us", "UTC")),
            arrow.array(map(_event_type, self._types), arrow.string()),
            arrow.ListArray.from_arrays(arrow.array(self._offsets, arrow.int32()), payloads),
        ]
        # The lists stay the same ones, because the quick way knows them.
        for column in (*self._columns(), self._workflows, self._ends):
            column.clear()
        self._offsets.append(0)
        self._bytes = 0
        return arrow.RecordBatch.from_arrays(arrays, _NAMES)

    def _found(self, path: str, found: Any) -> None:
        if type(found) is Failure:
            # The texts are encoded like payloads, so they are shown like payloads.
            for name, text in (("message", found.message), ("stackTrace", found.stack_trace)):
                if text:
                    self._row(f"{path}.{name}", None, None, text.encode(), None)
            return
        metadata = found.metadata
        encoding, is_text = self._encodings[metadata.get("encoding", b"")]
        kind = metadata.get("messageType")
        if kind is not None:
            kind = kind.decode(errors="replace")
        contents = (found.data, None) if is_text else (None, found.data)
        self._row(path, encoding, kind, *contents)

    def _row(
        self,
        path: str,
        encoding: str | None,
        kind: str | None,
        text: bytes | None,
        contents: bytes | None,
    ) -> None:
        self._paths.append(path)
        self._names.append(encoding)
        self._kinds.append(kind)
        self._texts.append(text)
        self._contents.append(contents)


@functools.cache
def _attributes(kind: str) -> tuple[_Visit | None, str]:
    field = HistoryEvent.DESCRIPTOR.fields_by_name[kind]
    return payload_visit(field.message_type), field.json_name


_MESSAGE: Final = 0
_PAYLOADS_LIST: Final = 1
_ONE_PAYLOAD: Final = 2
_NOTHING: Final = 3
_SLOW: Final = 4
"""What a field is to ``native/rows.c``, which has the same numbers."""

_Plan = dict[int, tuple[int, Any]]
"""What the fields of a message are, by their numbers, and what belongs to that."""


def _event_plan() -> _Plan:
    """Say where ``native/rows.c`` finds the payloads of common events, and what it leaves to us."""
    plan: _Plan = {}
    for field in HistoryEvent.DESCRIPTOR.oneofs_by_name["attributes"].fields:
        target = _target(field)
        if field.name in (_STARTED, _TASK_FAILED):
            plan[field.number] = _SLOW, None
        elif target is None:
            plan[field.number] = _NOTHING, None
        else:
            plan[field.number] = _MESSAGE, _plan(target, field.json_name)
    metadata = HistoryEvent.DESCRIPTOR.fields_by_name["user_metadata"]
    plan[metadata.number] = _MESSAGE, _plan(UserMetadata.DESCRIPTOR, metadata.json_name)
    return plan


def _plan(descriptor: Descriptor, path: str) -> _Plan:
    targets = ((field, _target(field)) for field in descriptor.fields)
    return {
        field.number: _entry(field, target, f"{path}.{field.json_name}")
        for field, target in targets
        if target is not None
    }


def _entry(field: FieldDescriptor, target: Descriptor, path: str) -> tuple[int, Any]:
    name, oneof = target.full_name, field.containing_oneof
    is_shared = oneof is not None and len(oneof.fields) > 1
    if is_shared or _is_repeated(field) or name == _FAILURE or path.count(".") >= _DEEPEST:
        return _SLOW, None
    if name == _PAYLOAD:
        return _ONE_PAYLOAD, path
    if name == _PAYLOADS:
        return _PAYLOADS_LIST, tuple(f"{path}.payloads[{index}]" for index in range(_COMMON))
    return _MESSAGE, _plan(target, path)


def _contents(
    arrow: Any, texts: list[bytes | None], contents: list[bytes | None]
) -> tuple[Any, Any]:
    """Give the columns of text and of bytes; what only claims to be text is bytes."""
    try:
        text = arrow.array(texts, arrow.binary()).cast(arrow.string())
    except arrow.ArrowInvalid:
        good = [each if _is_utf8(each) else None for each in texts]
        contents = [
            kept if claimed is None or _is_utf8(claimed) else claimed
            for claimed, kept in zip(texts, contents, strict=True)
        ]
        text = arrow.array(good, arrow.binary()).cast(arrow.string())
    return text, arrow.array(contents, arrow.binary())


def _is_utf8(text: bytes | None) -> bool:
    try:
        (text or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


@functools.cache
def _event_type(number: int) -> str:
    try:
        return EventType.Name(number)  # type: ignore[arg-type]
    except ValueError:
        return str(number)  # newer than this package
