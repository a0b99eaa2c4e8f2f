"""The Python worker of the end-to-end test.

It serves three task queues in one process: "python" with the shared tdc.yaml, and "python-slow" and "python-flaky"
with a configuration whose keys come from a key provider that is slow or fails twice. It speaks a line protocol with
the test: it says "e2e: ready" once it polls, answers "reload" by "e2e: reloaded", lets the first attempt of Handle go
on at "release", and ends with standard input.
"""

import argparse
import asyncio
import os
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import temporal_tdc
from courier import Courier
from echo import Echo
from lines import obey
from providers import FlakyProvider, SlowProvider
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker


class Activities:
    """The activities that the Go workflows call; Java has the same three."""

    def __init__(self) -> None:
        self.released = asyncio.Event()

    @activity.defn(name="Handle")
    async def handle(self, customer: str) -> str:
        """Heartbeats and fails at the first attempt, then answers with what the heartbeat kept."""
        kept = activity.info().heartbeat_details
        if kept:
            return f"python handled {kept[0]}"
        activity.heartbeat(f"python heartbeat of {customer}")
        await self.released.wait()
        raise ApplicationError(
            f"python stumbled over {customer}",
            f"python details of {customer}",
            next_retry_delay=timedelta(milliseconds=50),
        )

    @activity.defn(name="Refuse")
    async def refuse(self, customer: str) -> None:
        """Fails for good, with a message and details that are secret."""
        raise ApplicationError(
            f"python refuses {customer}", f"python record of {customer}", non_retryable=True
        ) from ValueError(f"python reason for {customer}")

    @activity.defn(name="Stamp")
    async def stamp(self, entry: str) -> str:
        """Decodes its input and encodes its answer: all that a rotation of keys can break."""
        return f"{entry} python"


async def main(arguments: argparse.Namespace) -> None:
    """Runs the three workers until standard input ends."""
    activities = Activities()
    async with AsyncExitStack() as running:
        shared = running.enter_context(temporal_tdc.open(arguments.config))
        slow = running.enter_context(
            temporal_tdc.open(arguments.host_config, key_provider=SlowProvider(arguments.vault))
        )
        flaky = running.enter_context(
            temporal_tdc.open(arguments.host_config, key_provider=FlakyProvider(arguments.vault))
        )
        for queue, codec in (
            ("python", shared),
            ("python-slow", slow),
            ("python-flaky", flaky),
        ):
            client = await Client.connect(arguments.address, data_converter=codec.data_converter)
            worker = Worker(
                client,
                task_queue=queue,
                workflows=[Echo, Courier],
                activities=[activities.handle, activities.refuse, activities.stamp],
            )
            await running.enter_async_context(worker)
        await obey({"reload": ("reloaded", shared.reload), "release": ("released", activities.released.set)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--host-config", type=Path, required=True)
    parser.add_argument("--vault", type=Path, required=True)
    asyncio.run(main(parser.parse_args()))
    # temporalio's runtime can crash the interpreter at exit after all went well; nothing is left to
    # clean up here.
    os._exit(0)
