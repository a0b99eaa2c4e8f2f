"""Starts one order and waits for its result; on the server both are ciphertext.

python client.py [tdc.yaml] [localhost:7233]
"""

from __future__ import annotations

import asyncio
import sys
import uuid

from orders import TASK_QUEUE, Order, OrderWorkflow
from temporalio.client import Client

import temporal_tdc


async def main(config: str = "tdc.yaml", address: str = "localhost:7233") -> None:
    """Run one workflow."""
    with temporal_tdc.open(config) as t:
        client = await Client.connect(address, data_converter=t.data_converter)
        result = await client.execute_workflow(
            OrderWorkflow.run,
            Order(number="A-1001", customer="Grace", cents=4250),
            id=f"order-{uuid.uuid4()}",
            task_queue=TASK_QUEUE,
        )
        print(result)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
