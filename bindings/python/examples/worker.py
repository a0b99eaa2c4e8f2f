"""An ordinary worker with one line more: the data converter.

python worker.py [tdc.yaml] [localhost:7233]
"""

from __future__ import annotations

import asyncio
import sys

from orders import TASK_QUEUE, OrderWorkflow, charge
from temporalio.client import Client
from temporalio.worker import Worker

import temporal_tdc


async def main(config: str = "tdc.yaml", address: str = "localhost:7233") -> None:
    """Serve the task queue until interrupted."""
    with temporal_tdc.open(config) as t:
        client = await Client.connect(address, data_converter=t.data_converter)
        async with Worker(
            client, task_queue=TASK_QUEUE, workflows=[OrderWorkflow], activities=[charge]
        ):
            print(f"serving the task queue {TASK_QUEUE!r} at {address}")
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
