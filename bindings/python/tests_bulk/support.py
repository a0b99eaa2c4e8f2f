"""Exports, configs and what is expected of them, for the tests with Spark and Ray."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.export.v1 import WorkflowExecution
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import History, HistoryEvent

import temporal_tdc
from temporal_tdc import _bulk
from temporal_tdc._exports import find_exports
from temporal_tdc._rows import payload_visit
from temporal_tdc._wire import bytes_field

MARK = "a-plaintext-that-no-log-may-have"
ROOT = Path("temporal-workflow-history") / "export"
MINUTE = Path("2026") / "11" / "30" / "12" / "00"
BEGIN = 1_790_000_000

Row = dict[str, Any]


def payload(value: Any) -> Payload:
    """A value as a payload of JSON."""
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


def add_event(history: History, kind: EventType.ValueType) -> HistoryEvent:
    """Add the next event to a history."""
    number = len(history.events) + 1
    event = history.events.add(event_id=number, event_type=kind)
    event.event_time.FromMicroseconds(BEGIN * 1_000_000 + number)
    return event


def make_history(name: str, *, activities: int = 3, size: int = 100) -> History:
    """The history of a workflow, with everything that rows can contain."""
    history = History()
    add = add_event(history, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    started = add.workflow_execution_started_event_attributes
    started.workflow_id, started.original_execution_run_id = name, f"run-of-{name}"
    started.workflow_type.name = "Order"
    started.input.payloads.append(payload({"mark": MARK, "order": name}))
    started.input.payloads.append(Payload(metadata={"encoding": b"binary/null"}))
    started.memo.fields["note"].CopyFrom(payload("a memo"))
    started.header.fields["trace"].CopyFrom(payload("a header"))
    started.search_attributes.indexed_fields["City"].CopyFrom(payload("Oslo"))
    add.user_metadata.summary.CopyFrom(payload("a summary"))
    for number in range(activities):
        scheduled = add_event(history, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
        attributes = scheduled.activity_task_scheduled_event_attributes
        attributes.activity_id = str(number)
        text = base64.b64encode(os.urandom(size * 3 // 4)).decode()
        attributes.input.payloads.append(payload({"mark": MARK, "text": text}))
        done = add_event(history, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
        result = done.activity_task_completed_event_attributes.result.payloads
        result.add(metadata={"encoding": b"binary/plain"}, data=os.urandom(20))
        result.add(
            metadata={"encoding": b"json/protobuf", "messageType": b"orders.Order"}, data=b"{}"
        )
    add_event(history, EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED)
    failed = add_event(history, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED)
    inner = Failure(message=f"inner {MARK}", source="GoSDK")
    inner.application_failure_info.type = "OutOfStock"
    inner.application_failure_info.details.payloads.append(payload(["a detail"]))
    failure = Failure(message=f"no stock {MARK}", stack_trace="at order.py:1", source="PythonSDK")
    failure.cause.CopyFrom(inner)
    failed.workflow_execution_failed_event_attributes.failure.CopyFrom(failure)
    return history


def reset(history: History, run_id: str) -> None:
    """Turn a history into that of a run that a reset started."""
    event = history.events[-2]
    event.event_type = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    attributes = event.workflow_task_failed_event_attributes
    attributes.cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW
    attributes.new_run_id = run_id


def encode(tdc: temporal_tdc.Tdc, history: History) -> bytes:
    """The history as a worker with this config makes it, headers included."""
    return asyncio.run(tdc.encode_message(history, headers=True)).SerializeToString()


def item(history: bytes) -> bytes:
    """An item of an export, as it is in the file."""
    return bytes_field(1, bytes_field(WorkflowExecution.HISTORY_FIELD_NUMBER, history))


def write_config(folder: Path, key_id: str) -> tuple[Path, bytes]:
    """A config with a key file, and the key."""
    config = _write_config(folder, key_id, {"file": f"{key_id}.key"})
    key, path = os.urandom(32), folder / f"{key_id}.key"
    path.touch(mode=0o600)
    path.write_bytes(base64.b64encode(key))
    return config, key


def write_service_config(folder: Path, key_id: str) -> Path:
    """A config whose data keys are wrapped by a key of OpenBao."""
    return _write_config(folder, key_id, {"service": f"hashivault://{key_id}"})


def _write_config(folder: Path, key_id: str, key: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "version": 1,
        "keys": {"primary": key_id, "ring": {key_id: key}},
        "codecs": [{"zstd": {"min_size": 512}}, "encrypt"],
        "failures": {"encode_common_attributes": True},
    }
    config = folder / f"{key_id}.yaml"
    config.write_text(json.dumps(document))
    return config


def expected_rows(namespace: str | None, run_id: str, history: History) -> list[Row]:
    """The rows of a plain history, worked out from its JSON."""
    started = history.events[0].workflow_execution_started_event_attributes
    rows: list[Row] = []
    for event in history.events:
        seconds, micros = divmod(event.event_time.ToMicroseconds(), 1_000_000)
        time = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
        rows.append(
            {
                "namespace": namespace,
                "workflow_id": started.workflow_id,
                "run_id": run_id,
                "workflow_type": started.workflow_type.name,
                "event_id": event.event_id,
                "event_time": time.replace(microsecond=micros),
                "event_type": EventType.Name(event.event_type),
                "payloads": sorted(_found(MessageToDict(event), ""), key=_by_path),
            }
        )
    return rows


def _found(value: Any, path: str) -> Iterator[Row]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _found(each, f"{path}[{index}]")
    elif isinstance(value, dict) and "encoding" in (metadata := value.get("metadata", {})):
        data = base64.b64decode(value.get("data", ""))
        encoding = base64.b64decode(metadata["encoding"]).decode()
        kind = metadata.get("messageType")
        is_text = encoding.startswith("json/")
        yield {
            "path": path,
            "encoding": encoding,
            "type": None if kind is None else base64.b64decode(kind).decode(),
            "text": data.decode() if is_text else None,
            "bytes": None if is_text else data,
        }
    elif isinstance(value, dict):
        is_failure = "source" in value
        for name, each in value.items():
            if is_failure and name in {"message", "stackTrace"}:
                nothing = dict.fromkeys(("encoding", "type", "bytes"))
                yield {"path": f"{path}.{name}", "text": each, **nothing}
            elif name != "searchAttributes":
                yield from _found(each, f"{path}.{name}" if path else name)


def _by_path(row: Row) -> str:
    path: str = row["path"]
    return path


def read_here(folder: Path) -> pa.Table:
    """The exports of a folder, read in this process: a row a history, still encoded."""
    files = find_exports([folder])
    ids = pa.RecordBatch.from_arrays([pa.array(range(len(files)))], ["id"])
    return pa.Table.from_batches(_bulk.export_batches(None, files, iter([ids])))


def decoded_here(config: Path, encoded: pa.Table) -> pa.Table:
    """The same rows, decoded in this process."""
    batches = iter(encoded.to_batches())
    return pa.Table.from_batches(_bulk.decode_batches(_bulk.settings(config), batches))


def sorted_histories(table: pa.Table) -> list[Row]:
    """Rows of histories in the order of the exports."""
    rows: list[Row] = table.sort_by([("file", "ascending"), ("item", "ascending")]).to_pylist()
    return rows


def nonces(histories: Iterable[bytes]) -> list[bytes]:
    """The nonces of all payloads in encoded histories."""
    found: list[bytes] = []

    def add(_: str, message: Any) -> None:
        if isinstance(message, Payload) and message.metadata["encoding"] == b"binary/encrypted":
            found.append(message.data[:12])

    visit = payload_visit(History.DESCRIPTOR)
    assert visit is not None
    for history in histories:
        visit(History.FromString(history), "", add)
    return found


def sorted_rows(rows: list[Row]) -> list[Row]:
    """Rows in an order that does not depend on tasks, so that they can be compared."""
    for row in rows:
        row["payloads"] = sorted(row["payloads"], key=_by_path)
        for each in row["payloads"]:
            each["bytes"] = None if each["bytes"] is None else bytes(each["bytes"])
    return sorted(rows, key=lambda row: (row["namespace"] or "", row["run_id"], row["event_id"]))
