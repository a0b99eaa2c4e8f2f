"""Rows of histories: the extension module gives what protobuf's own parser gives."""

from __future__ import annotations

import random
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import History, HistoryEvent

from temporal_tdc._errors import InputError
from temporal_tdc._native_call import native_event_rows
from temporal_tdc._rows import Events
from temporal_tdc._wire import bytes_field, int_field

native = pytest.mark.skipif(native_event_rows() is None, reason="there is no extension module")


def payload(data: bytes, **metadata: bytes) -> Payload:
    return Payload(metadata={"encoding": b"json/plain", **metadata}, data=data)


def history() -> History:
    made = History()
    for number in range(1, 9):
        event = made.events.add(event_id=number, event_type=EventType.ValueType(number))
        event.event_time.FromMicroseconds(1_790_000_000_000_000 + number)
    started = made.events[0].workflow_execution_started_event_attributes
    started.workflow_id, started.original_execution_run_id = "w", "r"
    started.memo.fields["m"].CopyFrom(payload(b"1"))
    scheduled = made.events[1].activity_task_scheduled_event_attributes
    scheduled.activity_id = "a"
    scheduled.input.payloads.extend([payload(b"2", messageType=b"T"), Payload(data=b"3")])
    made.events[1].user_metadata.summary.CopyFrom(payload(b"4"))
    many = made.events[2].activity_task_completed_event_attributes.result.payloads
    many.extend(payload(b"%d" % number) for number in range(30))
    failed = made.events[3].activity_task_failed_event_attributes
    failed.failure.CopyFrom(Failure(message="f", stack_trace="s", source="GoSDK"))
    signal = made.events[4].workflow_execution_signaled_event_attributes
    signal.header.fields["h"].CopyFrom(payload(b"5"))
    signal.input.payloads.append(payload(b"6"))
    made.events[5].workflow_task_scheduled_event_attributes.attempt = 1
    update = made.events[6].workflow_execution_update_completed_event_attributes
    update.outcome.success.payloads.append(payload(b"7"))
    nexus = made.events[7].nexus_operation_scheduled_event_attributes
    nexus.input.CopyFrom(payload(b"8"))
    return made


def columns(data: bytes, *, quick: bool) -> Any:
    events = Events()
    if not quick:
        events._event_rows = None
    try:
        events.add("n", data)
    except InputError:
        return None
    return [list(column) for column in (*events._columns(), events._workflows, events._ends)]


def check(data: bytes) -> bool:
    """Both agree wherever protobuf takes the bytes."""
    found, expected = columns(data, quick=True), columns(data, quick=False)
    assert expected is None or found == expected
    return expected is not None


@native
def test_common_and_uncommon_events() -> None:
    data = history().SerializeToString()
    assert check(data)
    paths = columns(data, quick=True)[4]
    assert len(paths) == 40
    assert "nexusOperationScheduledEventAttributes.input" in paths


@native
@pytest.mark.parametrize(
    "more",
    [
        bytes_field(2, bytes_field(1, int_field(2, 5))),  # a time again, which is merged
        bytes_field(24, b""),  # another member of the oneof
        bytes_field(15, bytes_field(6, bytes_field(1, b""))),  # the same member: merged
        int_field(15, 1),  # a wire type that is not the field's
        b"\xa3\x06\xa4\x06",  # an unknown group
        bytes_field(301, bytes_field(2, b"")),
        int_field(1, (1 << 64) - 1),
        int_field(3, 1 << 33),
        int_field(3, 999),
        bytes_field(2, int_field(1, (1 << 64) - 1)),
        bytes_field(2, int_field(2, 1 << 40)),
        bytes_field(9999, b"newer"),
        b"\x0a",
    ],
)
def test_events_that_protobuf_reads_in_its_own_way(more: bytes) -> None:
    for event in history().events:
        first = bytes_field(1, history().events[0].SerializeToString())
        check(first + bytes_field(1, event.SerializeToString() + more))
        check(first + bytes_field(1, more + event.SerializeToString()))


@native
@pytest.mark.parametrize("more", [b"\x0b\x0c", b"\x13\x14", b"\x08\x01", b"\x12\x01x", b"\xff"])
def test_histories_that_protobuf_reads_in_its_own_way(more: bytes) -> None:
    check(more + history().SerializeToString())
    check(history().SerializeToString() + more)


@native
def test_random_bytes() -> None:
    generator = random.Random(20261130)  # noqa: S311 # the same ones in each run
    whole = history().SerializeToString()
    valid = 0
    for _ in range(5_000):
        data = bytearray(whole)
        for _ in range(generator.randint(1, 3)):
            at = generator.randrange(len(data))
            match generator.randrange(4):
                case 0:
                    data[at] = generator.randrange(256)
                case 1:
                    data[at] ^= 1 << generator.randrange(8)
                case 2:
                    del data[at : at + generator.randrange(1, 20)]
                case _:
                    data[at:at] = data[: generator.randrange(20)]
        valid += check(bytes(data))
    assert valid > 500


@native
def test_the_number_of_the_user_metadata() -> None:
    assert HistoryEvent.DESCRIPTOR.fields_by_name["user_metadata"].number == 301  # rows.h
