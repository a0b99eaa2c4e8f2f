"""Faults: one that can be cured costs a workflow task, any other is the SDK's ordinary converter error."""

import asyncio
import contextlib
import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Any

import temporal_tdc
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import DataConverter, PayloadCodec
from temporalio.service import RPCError

from harness.checks import eventually
from harness.config import Config
from harness.stage import Stage
from scenarios.rotation import troubles


async def faults(stage: Stage) -> None:
    """Runs all of them side by side: they wait much and do little."""
    async with asyncio.TaskGroup() as group:
        group.create_task(stage.checks.run(poisoned(stage), "poisoned"))
        for fault in (slow_provider, flaky_provider, tampered, permanent):
            for name in stage.workers:
                group.create_task(stage.checks.run(fault(stage, name), f"{fault.__name__} in {name}"))


async def slow_provider(stage: Stage, worker: str) -> None:
    """The key provider takes 3 s, longer than the SDKs let workflow code run without giving way."""
    title = f"slow key provider in {worker}"
    events = await _two_keys(stage, f"{worker}-slow", title)
    stage.checks.equal(f"{title}: no task fails", troubles(events), [])
    await _asked(stage, worker, "slow", 1)


async def flaky_provider(stage: Stage, worker: str) -> None:
    """The key provider is away twice for each key: the task is tried again until it is back."""
    title = f"flaky key provider in {worker}"
    events = await _two_keys(stage, f"{worker}-flaky", title)
    failed = [e for e in events if e["eventType"] == "EVENT_TYPE_WORKFLOW_TASK_FAILED"]
    stage.checks.that(f"{title}: it is the task that fails", bool(failed), events)
    await _asked(stage, worker, "flaky", 3)


async def _asked(stage: Stage, worker: str, provider: str, times: int) -> None:
    """Checks how often the key provider was asked for each of the two keys."""
    prefix = f"{worker}-{provider}"
    expected = [f"{prefix}-{key}" for key in (1, 2) for _ in range(times)]

    async def heard() -> list[str] | None:
        asked = stage.workers[worker].asked(prefix)
        return asked if len(asked) >= len(expected) else None

    asked = await eventually(f"{provider} key provider in {worker}", heard)
    stage.checks.equal(f"{provider} key provider in {worker}: asked {times}x for each key", asked, expected)


async def _two_keys(stage: Stage, queue: str, title: str) -> list[dict[str, Any]]:
    """Runs Echo with an input under one key and a signal under another, neither of which its worker has."""
    opening, word = stage.secret("opening"), stage.secret("word")
    first = await _client_with_primary(stage, f"{queue}-1")
    second = await _client_with_primary(stage, f"{queue}-2")
    handle = await first.start_workflow("Echo", opening, id=queue, task_queue=queue, result_type=list[str])
    await eventually(f"the first task of {queue}", partial(_first_task, stage, queue))
    await second.get_workflow_handle(queue).signal("say", word)
    await first.get_workflow_handle(queue).signal("say", "close")
    result = await handle.result()
    stage.checks.equal(f"{title}: the workflow completes", result, [opening, word])
    events = await stage.histories(queue)
    stage.unread(title, events)
    return events


async def _first_task(stage: Stage, workflow: str) -> bool | None:
    kinds = [event["eventType"] for event in await stage.histories(workflow)]
    return True if "EVENT_TYPE_WORKFLOW_TASK_COMPLETED" in kinds else None


async def _client_with_primary(stage: Stage, key: str) -> Client:
    config = Config(stage.folder / f"{key}.yaml")
    config.write(key, (key, "key-worker"))
    codec = temporal_tdc.open(config.path)
    return await Client.connect(stage.temporal.address, data_converter=codec.data_converter)


class Tampering(PayloadCodec):
    """What somebody between client and server can do: flips the last bit of each payload after it was encrypted."""

    def __init__(self, inner: PayloadCodec) -> None:
        self._inner = inner

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encodes, then tampers."""
        encoded = await self._inner.encode(payloads)
        for payload in encoded:
            payload.data = payload.data[:-1] + bytes([payload.data[-1] ^ 1])
        return encoded

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decodes."""
        return await self._inner.decode(payloads)


class Truncating(Tampering):
    """Cuts each payload off after it was encrypted, so that no key can ever open it."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encodes, then cuts off."""
        encoded = await self._inner.encode(payloads)
        for payload in encoded:
            payload.data = payload.data[:5]
        return encoded


class Malformed(Tampering):
    """The ordinary fault to compare with: JSON that no converter can read, without any codec of ours."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encodes nothing and breaks the JSON."""
        return [Payload(metadata=dict(p.metadata), data=b"{") for p in payloads]


async def tampered(stage: Stage, worker: str) -> None:
    """A tampered input looks as if it were encrypted with another key of the same id, so it fails the task."""
    title = f"tampered payload in {worker}"
    event = await _fate(stage, worker, "tampered", Tampering(_codec(stage)))
    stage.checks.equal(f"{title}: it is the task that fails", event["eventType"], "EVENT_TYPE_WORKFLOW_TASK_FAILED")
    decoded = await stage.closed(title, event)
    stage.checks.that(f"{title}: the error says what is wrong", "TDC_ERR_AUTHENTICATION" in decoded, decoded)


async def permanent(stage: Stage, worker: str) -> None:
    """A truncated input fails like any input that the SDK cannot convert."""
    title = f"truncated payload in {worker}"
    truncated = await _fate(stage, worker, "truncated", Truncating(_codec(stage)))
    ordinary = await _fate(stage, worker, "malformed", Malformed(_codec(stage)))
    stage.checks.equal(f"{title}: ends like input that is not JSON", _kind(truncated), _kind(ordinary))
    decoded = await stage.closed(title, truncated)
    stage.checks.that(f"{title}: the error says what is wrong", "TDC_ERR_CIPHERTEXT" in decoded, decoded)


def _codec(stage: Stage) -> PayloadCodec:
    codec = stage.codec.data_converter.payload_codec
    assert codec
    return codec


async def poisoned(stage: Stage) -> None:
    """A tampered input of an activity fails the activity, and the workflow gets an ordinary error."""
    title = "tampered activity input"
    handle = await stage.client.start_workflow(
        "Poisoned",
        args=[stage.secret("input"), stage.helpers],
        id="poisoned",
        task_queue="go-tampering",
        result_type=dict[str, str],
    )
    for worker, error in (await handle.result()).items():
        stage.checks.that(
            f"{title} in {worker}: the workflow reads what is wrong", "TDC_ERR_AUTHENTICATION" in error, error
        )
    events = await stage.histories("poisoned")
    failed = [event for event in events if event["eventType"] == "EVENT_TYPE_ACTIVITY_TASK_FAILED"]
    stage.checks.equal(f"{title}: it is the activities that fail", len(failed), len(stage.helpers))
    stage.unread(title, events)


async def _fate(stage: Stage, worker: str, fault: str, codec: PayloadCodec) -> dict[str, Any]:
    """Starts Echo with an input from this codec, and returns the event with which it, or its first task, fails."""
    client = await Client.connect(
        stage.temporal.address,
        data_converter=dataclasses.replace(DataConverter.default, payload_codec=codec),
    )
    for attempt in range(5):
        workflow = f"{fault}-{worker}-{attempt}"
        handle = await client.start_workflow("Echo", stage.secret(fault), id=workflow, task_queue=worker)
        event = await eventually(f"the failure of {workflow}", partial(_first_fault, stage, workflow))
        # Where the task fails, it is tried for ever; where the workflow fails, it has ended, or
        # soon will.
        with contextlib.suppress(RPCError):
            await handle.terminate()
        # The history names only the first fault. If the server lost the task, it does not say what
        # the worker would.
        if event["eventType"] != "EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT":
            return event
    raise TimeoutError(f"the server lost the first task of {fault} in {worker} again and again")


async def _first_fault(stage: Stage, workflow: str) -> dict[str, Any] | None:
    events = await stage.histories(workflow)
    faults = (event for event in events if event["eventType"].endswith(("_FAILED", "_TIMED_OUT")))
    return next(faults, None)


def _kind(event: dict[str, Any]) -> Any:
    """What happened, apart from the text."""
    attributes = next(value for name, value in event.items() if name.endswith("EventAttributes"))
    info = attributes["failure"].get("applicationFailureInfo", {})
    return event["eventType"], attributes.get("cause"), info.get("nonRetryable", False)
