"""Workers and clients that share a bucket: workflows with a large input and a large result.

`run` and `relay` read the input from standard input and write the results to standard output. They go through tdc's
data converter, and what it has made of them into the bucket. `serve` is a worker until standard input ends. `replay`
reads a history from standard input, and has neither tdc nor the bucket.
"""

import asyncio
import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta

import temporal_tdc
from drivers import driver_of
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHistory
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


@activity.defn(name="Forward")
async def forward(letter: str) -> str:
    """Adds the name of its queue."""
    return f"{letter} {activity.info().task_queue}"


@workflow.defn(name="Relay")
class Relay:
    """Hands a large letter to an activity on each queue, one after the other; Go and TypeScript have the same one."""

    @workflow.run
    async def run(self, letter: str, queues: list[str]) -> str:
        """Gives what the last activity gave."""
        for queue in queues:
            letter = await workflow.execute_activity(
                "Forward", letter, task_queue=queue, start_to_close_timeout=timedelta(minutes=1), result_type=str
            )
        return letter


@contextlib.asynccontextmanager
async def connected(  # noqa: PLR0913, PLR0917
    address: str, config: str, store: str, endpoint: str, bucket: str, mode: str
) -> AsyncIterator[Client]:
    """A client, and by it workers, whose payloads tdc's codecs encode before the driver stores them."""
    async with driver_of(store, endpoint, bucket, mode) as driver:
        with temporal_tdc.open(config) as tdc:
            storage = ExternalStorage(drivers=[driver])
            converter = dataclasses.replace(tdc.data_converter, external_storage=storage)
            yield await Client.connect(address, data_converter=converter)


def worker(client: Client, queue: str) -> Worker:
    """The worker. Without a cache, each workflow task fetches again what the history refers to."""
    return Worker(
        client,
        task_queue=queue,
        workflows=[Archive, Relay],
        activities=[double, forward],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=0,
    )


async def run(*arguments: str) -> None:
    """Runs the workflow of this id, the last argument, to its end."""
    *places, name = arguments
    async with connected(*places) as client, worker(client, QUEUE):
        letter = sys.stdin.read()
        sys.stdout.write(await client.execute_workflow(Archive.run, letter, id=name, task_queue=QUEUE))
        sys.stdout.flush()


async def serve(*arguments: str) -> None:
    """The worker of this queue, the last argument, which speaks the line protocol of e2e/python."""
    *places, queue = arguments
    async with connected(*places) as client, worker(client, queue):
        print("e2e: ready", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def relay(*places: str) -> None:
    """Starts workflows with one letter, and waits for the results of those from whom one is expected."""
    async with connected(*places) as client:
        asked = json.load(sys.stdin)
        started = {
            name: await client.start_workflow(
                "Relay", args=[asked["letter"], queues], id=name, task_queue=queue, result_type=str
            )
            for name, (queue, queues) in asked["workflows"].items()
        }
        json.dump({name: await started[name].result() for name in asked["awaited"]}, sys.stdout)
        sys.stdout.flush()


async def replay(name: str) -> None:
    """Replays the history of the workflow of this id."""
    history = WorkflowHistory.from_json(name, sys.stdin.read())
    await Replayer(workflows=[Archive], workflow_runner=UnsandboxedWorkflowRunner()).replay_workflow(history)


if __name__ == "__main__":
    action, *rest = sys.argv[1:]
    actions: dict[str, Callable[..., Coroutine[None, None, None]]] = {
        "run": run,
        "serve": serve,
        "relay": relay,
        "replay": replay,
    }
    asyncio.run(actions[action](*rest))
    # temporalio's runtime can crash the interpreter at exit after all went well; nothing is left to
    # clean up here.
    os._exit(0)
