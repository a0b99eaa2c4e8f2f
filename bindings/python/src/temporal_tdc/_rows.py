"""A decoded history as columns: a row an event, with the payloads in it.

What leads to payloads is worked out from the descriptors once for each type, so that an event costs
a few looks at the fields that can hold one.
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

_PAYLOAD: Final = Payload.DESCRIPTOR.full_name
_PAYLOADS: Final = Payloads.DESCRIPTOR.full_name
_FAILURE: Final = Failure.DESCRIPTOR.full_name
_NEVER: Final = {SearchAttributes.DESCRIPTOR.full_name}
"""The server reads them, so no codec touches them."""

_FAILED: Final = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
_RESET: Final = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW

Found = Callable[[str, Message], None]
"""Called with the path and the payload, or the failure."""

_Visit = Callable[[Any, str, Found], None]
"""Visits the payloads below a message, whose path comes with it."""

_Look = Callable[[Any], None]
"""Looks at a message whose path is known."""


def payload_visit(descriptor: Descriptor) -> _Visit | None:
    """Give what visits all payloads and failures in messages of a type; ``None`` if it has none."""
    if descriptor.full_name in _NEVER or not _leads(descriptor):
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
    fields = (field for field in descriptor.fields if _target(field) is not None)
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
        self._encodings = _Encodings()
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
        attributes = HistoryEvent.DESCRIPTOR.oneofs_by_name["attributes"].fields
        self._look: dict[str | None, _Look] = {
            field.name: self._quick(target, field.json_name)
            for field in attributes
            if (target := _target(field)) is not None
        }
        self._look_at_metadata = self._quick(UserMetadata.DESCRIPTOR, "userMetadata")

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
        try:
            events = History.FromString(history).events
        except DecodeError:
            message = "the contents are not a valid History"
            raise InputError(message, code=Code.ERR_PROTOBUF) from None
        self._bytes += len(history)
        # Names of this loop alone: an event costs about a microsecond, so lookups count.
        add_id, add_time, add_type = self._ids.append, self._times.append, self._types.append
        add_offset, paths = self._offsets.append, self._paths
        looks, look_at_metadata = self._look, self._look_at_metadata
        for event in events:
            kind: Any = event.WhichOneof("attributes")
            look = looks.get(kind)
            if look is not None:
                look(getattr(event, kind))
            if event.HasField("user_metadata"):
                look_at_metadata(event.user_metadata)
            time = event.event_time
            add_id(event.event_id)
            add_time(time.seconds * 1_000_000 + time.nanos // 1000 or None)
            add_type(event.event_type)
            add_offset(len(paths))
        if events:
            self._workflows.append((namespace, *_ids(events)))
            self._ends.append(len(self._ids))

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
        # The lists stay the same ones, because what looks at payloads knows them.
        columns: tuple[list[Any], ...] = (
            *(self._workflows, self._ends, self._ids, self._times, self._types),
            *(self._paths, self._names, self._kinds, self._texts, self._contents),
        )
        for column in columns:
            column.clear()
        self._offsets = [0]
        self._bytes = 0
        return arrow.RecordBatch.from_arrays(arrays, _NAMES)

    def _found(self, path: str, found: Any) -> None:
        if type(found) is Failure:
            # The texts are encoded like payloads, so they are shown like payloads.
            for name, text in (("message", found.message), ("stackTrace", found.stack_trace)):
                if text:
                    self._add(f"{path}.{name}", None, None, text.encode(), None)
            return
        metadata = found.metadata
        encoding, is_text = self._encodings[metadata.get("encoding", b"")]
        kind = metadata.get("messageType")
        if kind is not None:
            kind = kind.decode(errors="replace")
        contents = (found.data, None) if is_text else (None, found.data)
        self._add(path, encoding, kind, *contents)

    def _add(
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

    def _quick(self, descriptor: Descriptor, path: str) -> _Look:
        """Give what does the same as ``_visit``, for one path that is known before.

        That is most of all events. Lists, maps and failures are left to ``_visit``.
        """
        looks = tuple(
            self._quick_field(field, target, path)
            for field in descriptor.fields
            if (target := _target(field)) is not None
        )
        if len(looks) == 1:
            return looks[0]

        def look(message: Any) -> None:
            for each in looks:
                each(message)

        return look

    def _quick_field(self, field: FieldDescriptor, target: Descriptor, path: str) -> _Look:
        name, below, found = field.name, f"{path}.{field.json_name}", self._found
        if _is_repeated(field) or target.full_name in (_FAILURE, _PAYLOAD):
            step = _step(field)
            return lambda message: step(message, path, found)
        look = (
            self._quick_list(below) if target.full_name == _PAYLOADS else self._quick(target, below)
        )

        def below_it(message: Any) -> None:
            if message.HasField(name):
                look(getattr(message, name))

        return below_it

    def _quick_list(self, path: str) -> _Look:
        """Give what looks at a ``Payloads``, where most payloads are."""
        paths = [f"{path}.payloads[{index}]" for index in range(16)]
        found, encodings = self._found, self._encodings
        add_path, add_name, add_kind = self._paths.append, self._names.append, self._kinds.append
        add_text, add_contents = self._texts.append, self._contents.append

        def look(message: Any) -> None:
            payloads = message.payloads
            if len(payloads) > len(paths):
                for index, payload in enumerate(payloads):
                    found(f"{path}.payloads[{index}]", payload)
                return
            for where, payload in zip(paths, payloads):  # noqa: B905 # no more than there are paths
                metadata = payload.metadata
                encoding, is_text = encodings[metadata.get("encoding", b"")]
                kind = None
                if len(metadata) > 1 and (kind := metadata.get("messageType")) is not None:
                    kind = kind.decode(errors="replace")
                add_path(where)
                add_name(encoding)
                add_kind(kind)
                add_text(payload.data if is_text else None)
                add_contents(None if is_text else payload.data)

        return look


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


def _ids(events: Any) -> tuple[str | None, str | None, str | None]:
    """Give workflow id, run id and workflow type, as far as the history says.

    A reset run begins with the events of the run before, ids included; the task that the reset
    failed names the new one.
    """
    if not events or not events[0].HasField("workflow_execution_started_event_attributes"):
        return None, None, None
    started = events[0].workflow_execution_started_event_attributes
    run_id = started.original_execution_run_id
    for event in events:
        if event.event_type == _FAILED:
            failed = event.workflow_task_failed_event_attributes
            if failed.cause == _RESET and failed.new_run_id:
                run_id = failed.new_run_id
    return started.workflow_id or None, run_id or None, started.workflow_type.name or None
