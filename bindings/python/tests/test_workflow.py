"""The codec inside workflow tasks: the SDK's worker core replays a history, without a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from support import KEY, KEY_ID, config, payload, run
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from workflows import Greeting

import temporal_tdc
from temporal_tdc import Tdc

HOST_KEYS = {"primary": KEY_ID, "host": True}


def history(argument: Payload, result: Payload) -> WorkflowHistory:
    """What the server keeps of one run of ``Greeting``."""
    started, scheduled, begun, completed, ended = (
        HistoryEvent(event_id=number) for number in range(1, 6)
    )
    started.event_type = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
    attributes = started.workflow_execution_started_event_attributes
    attributes.workflow_type.name = "Greeting"
    attributes.task_queue.name = "queue"
    attributes.original_execution_run_id = attributes.first_execution_run_id = "run"
    attributes.input.CopyFrom(Payloads(payloads=[argument]))
    scheduled.event_type = EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED
    scheduled.workflow_task_scheduled_event_attributes.task_queue.name = "queue"
    begun.event_type = EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
    begun.workflow_task_started_event_attributes.scheduled_event_id = 2
    completed.event_type = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    completed.workflow_task_completed_event_attributes.scheduled_event_id = 2
    completed.workflow_task_completed_event_attributes.started_event_id = 3
    ended.event_type = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
    ended.workflow_execution_completed_event_attributes.workflow_task_completed_event_id = 4
    ended.workflow_execution_completed_event_attributes.result.payloads.append(result)
    events = [started, scheduled, begun, completed, ended]
    for event in events:
        event.event_time.FromSeconds(1_800_000_000 + event.event_id)
    return WorkflowHistory("workflow", History(events=events).events)


async def replay(tdc: Tdc, encoded: Payload) -> Exception | None:
    """Run the workflow's task on the SDK's worker core and give what failed."""
    replayer = Replayer(workflows=[Greeting], data_converter=tdc.data_converter)
    result = await replayer.replay_workflow(
        history(encoded, encoded), raise_on_replay_failure=False
    )
    return result.replay_failure


@pytest.fixture
def encoded(tdc: Tdc) -> Payload:
    return run(tdc.payload_codec.encode([payload(b'"Ada"')]))[0]


def test_a_workflow_reads_encrypted_input_inside_the_sandbox(tdc: Tdc, encoded: Payload) -> None:
    assert run(replay(tdc, encoded)) is None


def test_a_provider_that_takes_three_seconds_is_no_deadlock(
    make_tdc: Callable[..., Tdc], encoded: Payload
) -> None:
    def provider(_: str) -> bytes:
        time.sleep(3)  # the SDK calls a workflow deadlocked after two
        return KEY

    tdc = make_tdc(config(keys=HOST_KEYS), key_provider=provider)
    assert run(replay(tdc, encoded)) is None


def test_a_provider_that_fails_twice_fails_the_task_twice_never_the_workflow(
    make_tdc: Callable[..., Tdc], encoded: Payload
) -> None:
    tries: list[str] = []

    async def provider(key_id: str) -> bytes:
        tries.append(key_id)
        await asyncio.sleep(0)
        if len(tries) <= 2:
            raise ConnectionError("the key service is away")
        return KEY

    tdc = make_tdc(config(keys=HOST_KEYS), key_provider=provider)
    failures = [run(replay(tdc, encoded)) for _ in range(3)]
    for failure in failures[:2]:
        assert "TDC_KEY_NEEDED" in str(failure)
        # So the core calls a failed task; failing the workflow would complete the activation.
        assert "Workflow activation completion failed" in str(failure)
    assert failures[2] is None


def test_no_error_of_the_codec_is_one_that_the_worker_ends_the_workflow_for() -> None:
    # The worker fails the task, to be tried again, for every exception but a FailureError.
    from temporalio.exceptions import FailureError  # noqa: PLC0415

    errors = [getattr(temporal_tdc, name) for name in temporal_tdc.__all__ if "Error" in name]
    assert len(errors) == 12
    assert not [error for error in errors if issubclass(error, FailureError)]
