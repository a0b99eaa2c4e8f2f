"""The server has 400 bytes for some summaries: what is left of them under keys of a key service.

Both servers take longer summaries of workflows and timers. The newer one has the limit for activities without a
workflow.
"""

import dataclasses
import os
from contextlib import ExitStack
from datetime import timedelta
from unittest import mock

import temporal_tdc
from temporalio import workflow
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness.counting_server import serve_newer
from harness.key_services import REGION
from harness.stage import Stage

LIMIT = 400
#: A data key of 32 bytes in the examples of AWS's documentation; moto's are shorter.
WRAPPED_BY_KMS = 167


@workflow.defn(name="Summarised")
class Summarised:
    """Gives a timer a summary."""

    @workflow.run
    async def run(self, summary: str) -> None:
        """Waits for the timer."""
        await workflow.sleep(0.01, summary=summary)


class AsLongAsKms:
    """A key service whose wrapped keys are as long as those of real KMS. Nothing unwraps them here."""

    def wrap(self, _key: temporal_tdc.ServiceKey, _data_key: bytes) -> bytes:
        """Wraps nothing."""
        return os.urandom(WRAPPED_BY_KMS)

    def unwrap(self, _key: temporal_tdc.ServiceKey, _wrapped: bytes) -> bytes:
        """Unwraps nothing."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Case:
    """A key of the ring."""

    name: str
    source: str
    key_service: AsLongAsKms | None = None


async def summaries(stage: Stage) -> None:
    """Tries a summary that just fits, and one that is a byte longer, under each kind of key."""
    if not stage.key_services:
        stage.checks.skipped("summaries", "OpenBao and moto could not be had")
        return
    services = await stage.key_services.start()
    address, namespace = await serve_newer(stage, "summaries-server")
    await services.bao.post("transit/keys/orders")
    arn = (await services.kms.create_key())["Arn"]
    of_kms = f"service: 'awskms:///{arn}?region={REGION}'"
    cases = (
        Case("a key file", "file: keys/key-a.key"),
        Case("OpenBao", "service: 'hashivault://orders'"),
        Case("moto's KMS", of_kms),
        Case("KMS by an alias", f"service: 'awskms://alias/orders?region={REGION}'", AsLongAsKms()),
        Case("KMS by an ARN", of_kms, AsLongAsKms()),
    )
    with ExitStack() as running:
        running.enter_context(mock.patch.dict(os.environ, services.environment()))
        for case in cases:
            config = stage.folder / f"summaries-{case.name.replace(' ', '-')}.yaml"
            ring = f"keys: {{ primary: orders, ring: {{ orders: {{ {case.source} }} }} }}"
            config.write_text(f"version: 1\n{ring}\ncodecs: [encrypt]\n")
            tdc = running.enter_context(temporal_tdc.open(config, key_service=case.key_service))
            newer = await Client.connect(address, namespace=namespace, data_converter=tdc.data_converter)
            await _limited(stage, case, newer)
            if case.name == "moto's KMS":
                older = await Client.connect(stage.temporal.address, data_converter=tdc.data_converter)
                await _unlimited(stage, older, "1.29")
                await _unlimited(stage, newer, "1.32")


async def _size(client: Client, text: str) -> int:
    """The bytes of a summary on the wire."""
    (payload,) = await client.data_converter.encode([text])
    return payload.ByteSize()


async def _limited(stage: Stage, case: Case, client: Client) -> None:
    """Starts an activity without a workflow."""

    async def said(text: str) -> str:
        try:
            await client.start_activity(
                "Unserved",
                id=f"{case.name}-{len(text)}",
                task_queue="nobody",
                start_to_close_timeout=timedelta(minutes=1),
                summary=text,
            )
        except RPCError as error:
            return str(error)
        return ""

    empty = await _size(client, "")
    left = max(LIMIT - empty, 0)
    while left and await _size(client, "x" * left) > LIMIT:
        # A length takes another byte now and then.
        left -= 1
    if empty <= LIMIT:
        stage.checks.equal(f"summaries: {left} bytes of text fit under {case.name}", await said("x" * left), "")
        left += 1
    size = await _size(client, "x" * left)
    refusal = f"user_metadata.summary exceeds size limit. Length={size} Limit={LIMIT}"
    stage.checks.equal(f"summaries: {left} do not fit under {case.name}", await said("x" * left), refusal)


async def _unlimited(stage: Stage, client: Client, server: str) -> None:
    """Starts a workflow that gives a timer the same long summary as it has itself."""
    summary = stage.secret("summary") * 10
    async with Worker(
        client, task_queue="summaries", workflows=[Summarised], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        handle = await client.start_workflow(
            "Summarised", summary, id="summarised", task_queue="summaries", static_summary=summary
        )
        await handle.result()
    stored = [
        event.user_metadata.summary async for event in handle.fetch_history_events() if event.HasField("user_metadata")
    ]
    read = await client.data_converter.decode(stored, [str] * len(stored))
    title = f"summaries: server {server} takes longer ones of a workflow and of its timer"
    stage.checks.equal(title, ([payload.ByteSize() > LIMIT for payload in stored], read), ([True, True], [summary] * 2))
