"""The worker of the workflow Sites, and of an activity that others call.

It keeps no workflow between two tasks, so that each task decodes the whole history again.

usage: sites_worker.py ADDRESS CONFIG QUEUE
"""

import asyncio
import os
import sys

import temporal_tdc
from lines import obey
from sites import Sites, answer_locally, refuse_locally
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker


@activity.defn(name="Stamp")
async def stamp(entry: str) -> str:
    """Decodes its input and encodes its answer."""
    return f"{entry} {activity.info().task_queue}"


async def main(address: str, config: str, queue: str) -> None:
    """Runs the worker until standard input ends."""
    with temporal_tdc.open(config) as tdc:
        client = await Client.connect(address, data_converter=tdc.data_converter)
        async with Worker(
            client,
            task_queue=queue,
            workflows=[Sites],
            activities=[answer_locally, refuse_locally, stamp],
            max_cached_workflows=0,
        ):
            await obey({"reload": ("reloaded", tdc.reload)})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    # temporalio's runtime can crash the interpreter at exit after all went well; nothing is left to
    # clean up here.
    os._exit(0)
