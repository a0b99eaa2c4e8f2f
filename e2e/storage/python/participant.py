"""A program that stores payloads by Python's official drivers and retrieves them, wrapped by tdc or not."""

import asyncio
import base64
import json
import sys

from drivers import driver_of
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
    StorageDriverWorkflowInfo,
)

TARGET = StorageDriverWorkflowInfo(namespace="default", type="Order", id="order/1 größer", run_id="run-1")


async def main(store: str, endpoint: str, bucket: str, mode: str, action: str) -> None:
    """One call of the driver for all payloads, or one for each claim, so that each has an error of its own."""
    async with driver_of(store, endpoint, bucket, mode) as driver:
        asked = json.load(sys.stdin)
        if action == "store":
            payloads = [Payload.FromString(base64.b64decode(message)) for message in asked]
            claims = await driver.store(StorageDriverStoreContext(target=TARGET), payloads)
            answer = [dict(claim.claim_data) for claim in claims]
        else:
            answer = [await retrieve(driver, StorageDriverClaim(claim)) for claim in asked]
    json.dump(answer, sys.stdout)


async def retrieve(driver: StorageDriver, claim: StorageDriverClaim) -> dict[str, str]:
    """The payload, or the error."""
    try:
        [payload] = await driver.retrieve(StorageDriverRetrieveContext(), [claim])
    except Exception as error:
        return {"error": str(error)}
    return {"payload": base64.b64encode(payload.SerializeToString()).decode()}


asyncio.run(main(*sys.argv[1:]))
