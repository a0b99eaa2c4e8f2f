"""A real Temporal server: the example, and a key provider that is away for a while.

The server is built by the end-to-end tests (``make test-e2e``); conftest.py says so when it is not
there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import client as example_client
import pytest
import worker as example_worker
from support import KEY, KEY_ID, SERVER, config, run, write_key
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecution
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from workflows import Greeting

from temporal_tdc import Tdc


async def connect(environment: WorkflowEnvironment, tdc: Tdc) -> Client:
    target = environment.client.service_client.config.target_host
    return await Client.connect(target, data_converter=tdc.data_converter)


async def listed(client: Client) -> list[WorkflowExecution]:
    """List all workflows; the server may take a while until it lists the first."""
    for _ in range(600):
        if workflows := [each async for each in client.list_workflows()]:
            return workflows
        await asyncio.sleep(0.1)
    return []


def test_the_example_worker_and_client_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys").mkdir()
    write_key(tmp_path / "keys" / "orders-2026-11.key", KEY)
    document = Path(example_worker.__file__).with_name("tdc.yaml").read_text()
    (tmp_path / "tdc.yaml").write_text(document)
    path = str(tmp_path / "tdc.yaml")

    async def play() -> None:
        async with await WorkflowEnvironment.start_local(
            dev_server_existing_path=str(SERVER)
        ) as environment:
            address = environment.client.service_client.config.target_host
            serving = asyncio.create_task(example_worker.main(path, address))
            await example_client.main(path, address)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            workflows = await listed(environment.client)
            assert len(workflows) == 1
            for each in workflows:
                events = await environment.client.get_workflow_handle(each.id).fetch_history()
                stored = b"".join(event.SerializeToString() for event in events.events)
                assert b"binary/encrypted" in stored
                assert b"Grace" not in stored

    run(play())
    assert "charged 42.50 to Grace" in capsys.readouterr().out


def test_a_provider_that_is_away_fails_the_task_and_the_workflow_goes_on(
    make_tdc: Callable[..., Tdc],
) -> None:
    tries: list[str] = []

    def provider(key_id: str) -> bytes:
        tries.append(key_id)
        if len(tries) <= 2:
            raise ConnectionError("the key service is away")
        return KEY

    caller = make_tdc(config())
    served = make_tdc(config(keys={"primary": KEY_ID, "host": True}), key_provider=provider)

    async def play() -> None:
        async with await WorkflowEnvironment.start_local(
            dev_server_existing_path=str(SERVER)
        ) as environment:
            client = await connect(environment, caller)
            worker = Worker(
                await connect(environment, served), task_queue="queue", workflows=[Greeting]
            )
            async with worker:
                handle = await client.start_workflow(
                    Greeting.run, "Ada", id="workflow", task_queue="queue"
                )
                assert await handle.result() == "hello Ada from Tdc"
            history = await handle.fetch_history()
            failed = [
                event.workflow_task_failed_event_attributes.failure.message
                for event in history.events
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
            ]
            assert failed
            assert all("TDC_ERR_KEY_PROVIDER" in message for message in failed)

    run(play())
    assert len(tries) == 3
