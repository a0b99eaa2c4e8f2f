"""The codec inside workflow tasks: the SDK's worker core replays a history, without a server."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import time
import zlib
from collections.abc import Callable, Sequence

import pytest
from support import KEY, KEY_ID, config, payload, run
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter, PayloadConverter
from temporalio.worker import Replayer
from workflows import Failing, Greeting, Listener

import temporal_tdc
from temporal_tdc import ServiceKey, Tdc
from temporal_tdc._failures import EncodingFailureConverter

HOST_KEYS = {"primary": KEY_ID, "host": True}


def history(
    argument: Payload, result: Payload, workflow: str = "Greeting", signals: Sequence[Payload] = ()
) -> WorkflowHistory:
    """What the server keeps of one run of a workflow that ends with its first task."""
    started = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    attributes = started.workflow_execution_started_event_attributes
    attributes.workflow_type.name = workflow
    attributes.task_queue.name = "queue"
    attributes.original_execution_run_id = attributes.first_execution_run_id = "run"
    attributes.input.CopyFrom(Payloads(payloads=[argument]))
    events = [started]
    for signal in signals:
        event = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
        event.workflow_execution_signaled_event_attributes.signal_name = "say"
        event.workflow_execution_signaled_event_attributes.input.payloads.append(signal)
        events.append(event)
    scheduled = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED)
    scheduled.workflow_task_scheduled_event_attributes.task_queue.name = "queue"
    begun = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED)
    begun.workflow_task_started_event_attributes.scheduled_event_id = len(events) + 1
    completed = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
    completed.workflow_task_completed_event_attributes.scheduled_event_id = len(events) + 1
    completed.workflow_task_completed_event_attributes.started_event_id = len(events) + 2
    ended = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
    last = ended.workflow_execution_completed_event_attributes
    last.workflow_task_completed_event_id = len(events) + 3
    last.result.payloads.append(result)
    events += [scheduled, begun, completed, ended]
    for number, event in enumerate(events, 1):
        event.event_id = number
        event.event_time.FromSeconds(1_800_000_000 + number)
    return WorkflowHistory("workflow", History(events=events).events)


async def replay(
    tdc: Tdc, encoded: Payload, workflow: str = "Greeting", signals: Sequence[Payload] = ()
) -> Exception | None:
    """Run the workflow's task on the SDK's worker core and give what failed."""
    return await replay_history(tdc.data_converter, history(encoded, encoded, workflow, signals))


async def replay_history(converter: DataConverter, told: WorkflowHistory) -> Exception | None:
    """Replay any history."""
    workflows = [Failing, Greeting, Listener]
    replayer = Replayer(workflows=workflows, data_converter=converter)
    result = await replayer.replay_workflow(told, raise_on_replay_failure=False)
    return result.replay_failure


@pytest.fixture
def encoded(tdc: Tdc) -> Payload:
    return run(tdc.payload_codec.encode([payload(b'"Ada"')]))[0]


def test_a_workflow_reads_encrypted_input_inside_the_sandbox(tdc: Tdc, encoded: Payload) -> None:
    assert run(replay(tdc, encoded)) is None


def test_a_workflow_that_fails_hides_its_text_inside_the_sandbox(
    make_tdc: Callable[..., Tdc], encoded: Payload
) -> None:
    told = history(encoded, encoded, "Failing")
    end = told.events[-1]
    completed = end.workflow_execution_completed_event_attributes.workflow_task_completed_event_id
    end.event_type = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED
    failed = end.workflow_execution_failed_event_attributes
    failed.workflow_task_completed_event_id = completed
    hidden: list[str] = []

    class Watched(EncodingFailureConverter):
        def to_failure(
            self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
        ) -> None:
            super().to_failure(exception, payload_converter, failure)
            hidden.append(failure.message)

    tdc = make_tdc(config(failures={"encode_common_attributes": True}))
    converter = dataclasses.replace(tdc.data_converter, failure_converter_class=Watched)
    assert run(replay_history(converter, told)) is None
    assert hidden == ["Encoded failure"] * 2


def test_a_provider_that_takes_three_seconds_is_no_deadlock(
    make_tdc: Callable[..., Tdc], encoded: Payload
) -> None:
    def provider(_: str) -> bytes:
        time.sleep(3)  # the SDK calls a workflow deadlocked after two
        return KEY

    tdc = make_tdc(config(keys=HOST_KEYS), key_provider=provider)
    assert run(replay(tdc, encoded)) is None


def test_a_key_service_that_takes_three_seconds_is_no_deadlock(
    make_tdc: Callable[..., Tdc],
) -> None:
    class Slow:
        """Not secret at all."""

        def __init__(self) -> None:
            self.unwraps = 0

        def wrap(self, _: ServiceKey, data_key: bytes) -> bytes:
            return data_key[::-1]

        def unwrap(self, _: ServiceKey, wrapped: bytes) -> bytes:
            self.unwraps += 1
            time.sleep(3)
            return wrapped[::-1]

    ring = {"orders": {"service": "hashivault://orders", "timeout": "30 s"}}
    document, slow = config(keys={"primary": "orders", "ring": ring}), Slow()
    writer = make_tdc(document, key_service=slow)
    (envelope,) = run(writer.payload_codec.encode([payload(b'"Ada"')]))
    assert run(replay(make_tdc(document, key_service=slow), envelope)) is None
    assert slow.unwraps == 1


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
        assert "TDC_ERR_KEY_PROVIDER" in str(failure)
        # So the core calls a failed task; failing the workflow would complete the activation.
        assert "Workflow activation completion failed" in str(failure)
    assert failures[2] is None


def test_failure_exception_types_of_the_worker_do_not_take_in_the_codecs_errors(
    make_tdc: Callable[..., Tdc], encoded: Payload
) -> None:
    # The SDK decodes before workflow code runs, so `Exception` is about what workflow code raises.
    ring = {KEY_ID: {"insecure_inline": base64.b64encode(b"w" * 32).decode()}}
    tdc = make_tdc(config(keys={"primary": KEY_ID, "ring": ring}))
    replayer = Replayer(
        workflows=[Greeting],
        data_converter=tdc.data_converter,
        workflow_failure_exception_types=[Exception],
    )
    result = run(replayer.replay_workflow(history(encoded, encoded), raise_on_replay_failure=False))
    assert "TDC_ERR_AUTHENTICATION" in str(result.replay_failure)
    assert "Workflow activation completion failed" in str(result.replay_failure)


def test_no_error_of_the_codec_is_one_that_the_worker_ends_the_workflow_for() -> None:
    # The worker fails the task, to be tried again, for every exception but a FailureError.
    from temporalio.exceptions import FailureError  # noqa: PLC0415

    errors = [getattr(temporal_tdc, name) for name in temporal_tdc.__all__ if "Error" in name]
    assert len(errors) == 13
    assert not [error for error in errors if issubclass(error, FailureError)]


def garbage(tdc: Tdc) -> list[tuple[Payload, str]]:
    """Payloads that no key and no reload can make readable, and their codes."""
    (truncated,) = run(tdc.payload_codec.encode([payload()]))
    truncated.data = truncated.data[:5]
    bomb = payload(zlib.compress(bytes(1 << 21)), b"binary/zlib")
    return [
        (truncated, "TDC_ERR_CIPHERTEXT"),
        (payload(b"\x78\x9cbegins like zlib", b"binary/zlib"), "TDC_ERR_COMPRESSED"),
        (payload(zlib.compress(b"\xff"), b"binary/zlib"), "TDC_ERR_PROTOBUF"),
        (bomb, "TDC_ERR_LIMIT"),
    ]


LIMITED = config(codecs=["zlib", "encrypt"], limits={"max_decoded_bytes": "1 MiB"})


def test_a_signal_that_can_never_be_read_is_dropped_and_the_reason_is_logged(
    make_tdc: Callable[..., Tdc], caplog: pytest.LogCaptureFixture
) -> None:
    tdc = make_tdc(LIMITED)
    close = run(tdc.payload_codec.encode([payload(b'"close"')]))[0]
    for signal, code in garbage(tdc):
        caplog.clear()
        assert run(replay(tdc, close, "Listener", [signal, close])) is None, code
        assert "dropping the signal" in caplog.text
        assert code in caplog.text


def test_a_signal_that_a_key_would_open_fails_the_task(
    make_tdc: Callable[..., Tdc],
) -> None:
    tdc = make_tdc(LIMITED)
    close = run(tdc.payload_codec.encode([payload(b'"close"')]))[0]
    for name in (b"encryption-key-id", b""):
        signal = Payload()
        signal.CopyFrom(close)
        if name:
            signal.metadata[name.decode()] = b"a-key-of-tomorrow"
        else:
            signal.data = signal.data[:-1] + bytes([signal.data[-1] ^ 1])
        failure = run(replay(tdc, close, "Listener", [signal, close]))
        expected = "TDC_ERR_KEY_UNKNOWN" if name else "TDC_ERR_AUTHENTICATION"
        assert expected in str(failure)


def test_with_sdk_errors_a_signal_that_can_never_be_read_fails_the_task(
    make_tdc: Callable[..., Tdc],
) -> None:
    tdc = make_tdc(LIMITED, sdk_errors=True)
    close = run(tdc.payload_codec.encode([payload(b'"close"')]))[0]
    for signal, code in garbage(tdc):
        assert code in str(run(replay(tdc, close, "Listener", [signal, close])))


def test_an_input_that_can_never_be_read_fails_the_task(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(LIMITED)
    for argument, code in garbage(tdc):
        assert code in str(run(replay(tdc, argument)))


def test_outside_of_workflow_tasks_what_can_never_be_read_is_an_error(
    make_tdc: Callable[..., Tdc],
) -> None:
    tdc = make_tdc(LIMITED)
    for encoded, code in garbage(tdc):
        with pytest.raises(temporal_tdc.InputError, match=code):
            run(tdc.payload_codec.decode([encoded]))
