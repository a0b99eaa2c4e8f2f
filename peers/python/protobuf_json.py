"""JSON as Python's official protobuf runtime has it, histories as the SDK's replayer reads them."""

from __future__ import annotations

from typing import Any

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
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

WELL_KNOWN = (
    any_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)


def write(record: Payload) -> Payload:
    """Print the message in a record."""
    pool, kind = _described(record)
    message = kind.FromString(record.data)
    return Payload(data=json_format.MessageToJson(message, descriptor_pool=pool).encode())


def read(record: Payload) -> Payload:
    """Parse the JSON in a record."""
    pool, kind = _described(record)
    message = json_format.Parse(record.data, kind(), descriptor_pool=pool)
    return Payload(data=message.SerializeToString())


def read_history(record: Payload) -> Payload:
    """Read the history in a record as the SDK's replayer does."""
    history = WorkflowHistory.from_json("workflow", record.data.decode())
    return Payload(data=History(events=history.events).SerializeToString())


def _described(record: Payload) -> tuple[Any, type[Message]]:
    """Make the type that a record names and a pool that has it, of the file that it brings."""
    pool = descriptor_pool.DescriptorPool()
    for module in WELL_KNOWN:
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    pool.Add(descriptor_pb2.FileDescriptorProto.FromString(record.metadata["file"]))
    name = record.metadata["type"].decode()
    return pool, message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
