"""A worker and a client that share a bucket: one workflow with a large input and a large result.

`run` reads the input from standard input and writes the result to standard output. Both go through tdc's data
converter, and what it has made of them into the bucket. `replay` reads a history from standard input, and has neither
tdc nor the bucket.
"""

import asyncio
import dataclasses
import os
import sys
from datetime import timedelta

import aioboto3  # type: ignore[import-untyped]  # it has no types
import temporal_tdc
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.aws.s3driver import S3StorageDriver
from temporalio.contrib.aws.s3driver.aioboto3 import new_aioboto3_client
from temporalio.converter import ExternalStorage
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

QUEUE = "archive"


@activity.defn(name="Double")
async def double(letter: str) -> str:
    """Takes what is large, and gives what is larger."""
    return letter * 2


@workflow.defn(name="Archive")
class Archive:
    """Files a letter."""

    @workflow.run
    async def run(self, letter: str) -> str:
        """Gives what the activity made of it."""
        return await workflow.execute_activity(double, letter, start_to_close_timeout=timedelta(seconds=60))


async def run(address: str, config: str, endpoint: str, bucket: str, name: str) -> None:
    """Runs the workflow of this id to its end."""
    session = aioboto3.Session(region_name="us-east-1")
    async with session.client("s3", endpoint_url=endpoint) as s3:
        driver = temporal_tdc.storage_driver(S3StorageDriver(new_aioboto3_client(s3), bucket))
        with temporal_tdc.open(config) as tdc:
            storage = ExternalStorage(drivers=[driver])
            converter = dataclasses.replace(tdc.data_converter, external_storage=storage)
            client = await Client.connect(address, data_converter=converter)
            # Without a cache, each workflow task fetches again what the history refers to.
            async with Worker(
                client,
                task_queue=QUEUE,
                workflows=[Archive],
                activities=[double],
                workflow_runner=UnsandboxedWorkflowRunner(),
                max_cached_workflows=0,
            ):
                letter = sys.stdin.read()
                sys.stdout.write(await client.execute_workflow(Archive.run, letter, id=name, task_queue=QUEUE))
                sys.stdout.flush()


async def replay(name: str) -> None:
    """Replays the history of the workflow of this id."""
    history = WorkflowHistory.from_json(name, sys.stdin.read())
    await Replayer(workflows=[Archive], workflow_runner=UnsandboxedWorkflowRunner()).replay_workflow(history)


if __name__ == "__main__":
    action, *rest = sys.argv[1:]
    asyncio.run(replay(*rest) if action == "replay" else run(*rest))
    # temporalio's runtime can crash the interpreter at exit after all went well; nothing is left to
    # clean up here.
    os._exit(0)
