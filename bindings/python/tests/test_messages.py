"""Whole messages and histories: the SDK's generated classes in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support import KEY, KEY_ID, config, payload, run
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.api.workflowservice.v1 import (
    ExecuteMultiOperationRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.client import WorkflowHistory
from temporalio.converter import WorkflowSerializationContext
from temporalio.worker import Replayer
from test_workflow import history
from workflows import Greeting

import temporal_tdc
from temporal_tdc import Code, Tdc

ENCODE = {"encode_common_attributes": True}


def request() -> StartWorkflowExecutionRequest:
    """A request with a payload in every kind of place."""
    start = StartWorkflowExecutionRequest(namespace="n", workflow_id="w")
    start.input.payloads.extend([payload(b"1"), payload(b"2")])
    start.memo.fields["memo"].CopyFrom(payload(b"3"))
    start.header.fields["header"].CopyFrom(payload(b"4"))
    start.search_attributes.indexed_fields["search"].CopyFrom(payload(b"5"))
    start.user_metadata.summary.CopyFrom(payload(b"6"))
    return start


def nested_history() -> History:
    """Payloads in results, markers, failures and their causes."""
    completed, marker, failed = (HistoryEvent(event_id=number) for number in (1, 2, 3))
    completed.activity_task_completed_event_attributes.result.payloads.append(payload(b"1"))
    details = marker.marker_recorded_event_attributes.details
    details["data"].payloads.append(payload(b"2"))
    failure = failed.workflow_execution_failed_event_attributes.failure
    failure.message, failure.cause.message = "outer text", "inner text"
    failure.cause.application_failure_info.details.payloads.append(payload(b"3"))
    return History(events=[completed, marker, failed])


def is_encoded(item: Payload) -> bool:
    return item.metadata["encoding"] == b"binary/encrypted"


def test_a_history_is_encoded_in_all_its_depth_and_decoded(make_tdc: Callable[..., Tdc]) -> None:
    tdc = make_tdc(config(failures=ENCODE))
    plain = nested_history()
    encoded = run(tdc.encode_message(plain))
    assert isinstance(encoded, History)
    assert plain == nested_history()
    completed, marker, failed = encoded.events
    result = completed.activity_task_completed_event_attributes.result
    assert is_encoded(result.payloads[0])
    assert is_encoded(marker.marker_recorded_event_attributes.details["data"].payloads[0])
    failure = failed.workflow_execution_failed_event_attributes.failure
    assert is_encoded(failure.cause.application_failure_info.details.payloads[0])
    assert b" text" not in encoded.SerializeToString()
    assert run(tdc.decode_message(encoded)) == plain


def test_headers_only_when_asked_and_search_attributes_never(tdc: Tdc) -> None:
    multiple = ExecuteMultiOperationRequest(namespace="n")
    multiple.operations.add().start_workflow.CopyFrom(request())
    for headers in (False, True):
        encoded = run(tdc.encode_message(multiple, headers=headers))
        start = encoded.operations[0].start_workflow
        assert all(map(is_encoded, start.input.payloads))
        assert is_encoded(start.memo.fields["memo"])
        assert is_encoded(start.user_metadata.summary)
        assert is_encoded(start.header.fields["header"]) == headers
        assert start.search_attributes == request().search_attributes
        assert run(tdc.decode_message(encoded)) == multiple


def test_large_messages_and_keys_of_the_host(tdc: Tdc, make_tdc: Callable[..., Tdc]) -> None:
    start = request()
    start.input.payloads.append(payload(b"x" * 100_000))
    encoded = run(tdc.encode_message(start))
    asked: list[str] = []

    async def provider(key_id: str) -> bytes:
        asked.append(key_id)
        return KEY

    keys = {"primary": KEY_ID, "host": True}
    reader = make_tdc(config(keys=keys), key_provider=provider)
    assert run(reader.decode_message(encoded)) == start
    assert asked == [KEY_ID]
    with pytest.raises(temporal_tdc.KeyProviderError):
        run(make_tdc(config(keys=keys)).decode_message(encoded))


def test_the_namespace_of_the_context_decides(make_tdc: Callable[..., Tdc]) -> None:
    rules: list[dict[str, Any]] = [
        {"match": "orders-*", "codecs": ["encrypt"]},
        {"match": "open", "codecs": []},
    ]
    tdc = make_tdc(config(namespaces=rules))
    for namespace, expected in (("orders-1", True), ("open", False)):
        context = WorkflowSerializationContext(namespace=namespace, workflow_id="w")
        encoded = run(tdc.encode_message(request(), context=context))
        assert is_encoded(encoded.input.payloads[0]) == expected
    with pytest.raises(temporal_tdc.ConfigError) as caught:
        run(tdc.encode_message(request()))
    assert caught.value.code == Code.ERR_NAMESPACE


def test_a_changed_payload_is_refused(tdc: Tdc) -> None:
    encoded = run(tdc.encode_message(request()))
    item = encoded.input.payloads[1]
    item.data = item.data[:-1] + bytes([item.data[-1] ^ 1])
    with pytest.raises(temporal_tdc.AuthenticationError):
        run(tdc.decode_message(encoded))


def test_an_exported_history_is_decoded_and_replays(tdc: Tdc) -> None:
    argument = run(tdc.payload_codec.encode([payload(b'"Ada"')]))[0]
    exported = history(argument, argument).to_json()
    assert "YmluYXJ5L2VuY3J5cHRlZA" in exported  # binary/encrypted
    decoded = run(tdc.decode_history(exported.encode())).decode()
    assert "YmluYXJ5L2VuY3J5cHRlZA" not in decoded
    replayer = Replayer(workflows=[Greeting])  # the SDK's own converter: nothing is encoded now
    result = run(
        replayer.replay_workflow(
            WorkflowHistory.from_json("workflow", decoded), raise_on_replay_failure=False
        )
    )
    assert result.replay_failure is None


@pytest.mark.parametrize("what", [b"", b"{", b'{"a":1}', b"\xff\xff"])
def test_what_is_no_history_is_refused(tdc: Tdc, what: bytes) -> None:
    with pytest.raises(temporal_tdc.InputError):
        run(tdc.decode_history(what))
