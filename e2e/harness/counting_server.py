"""A server that is newer than the one in the temporal command."""

import asyncio

from temporalio.client import Client

from harness.checks import eventually
from harness.processes import PATIENCE, environment
from harness.stage import Stage


async def serve_newer(stage: Stage, name: str) -> tuple[str, str]:
    """Starts it, and gives its address and its namespace."""
    process = await stage.processes.start(name, [stage.counting_server], environment())
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        address, namespace = (await process.stdout.readline()).decode().split()

    async def serving() -> bool | None:
        try:
            client = await Client.connect(address, namespace=namespace)
            await client.count_workflows()
        except RuntimeError:
            return None
        return True

    await eventually("the newer server", serving)
    return address, namespace
