"""A program that stores payloads by Python's official drivers and retrieves them, wrapped by tdc or not."""

import asyncio
import base64
import contextlib
import json
import sys
from collections.abc import AsyncIterator

import aioboto3  # type: ignore[import-untyped]  # it has no types
import temporal_tdc
from gcloud.aio.storage import Storage
from temporalio.api.common.v1 import Payload
from temporalio.contrib.aws.s3driver import S3StorageDriver
from temporalio.contrib.aws.s3driver.aioboto3 import new_aioboto3_client
from temporalio.contrib.gcp.gcsdriver import GCSStorageDriver
from temporalio.contrib.gcp.gcsdriver.gcloud_aio import new_gcloud_aio_client
from temporalio.converter import (
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
    StorageDriverWorkflowInfo,
)

TARGET = StorageDriverWorkflowInfo(namespace="default", type="Order", id="order/1 größer", run_id="run-1")


@contextlib.asynccontextmanager
async def opened(store: str, endpoint: str, bucket: str) -> AsyncIterator[StorageDriver]:
    """The driver of a store, s3 or gcs, with the client that it is documented with."""
    if store == "gcs":
        async with Storage(api_root=endpoint) as gcs:
            yield GCSStorageDriver(new_gcloud_aio_client(gcs), bucket)
    else:
        session = aioboto3.Session(aws_access_key_id="test", aws_secret_access_key="testtest", region_name="us-east-1")
        async with session.client("s3", endpoint_url=endpoint) as s3:
            yield S3StorageDriver(new_aioboto3_client(s3), bucket)


async def main(store: str, endpoint: str, bucket: str, mode: str, action: str) -> None:
    """One call of the driver for all payloads, or one for each claim, so that each has an error of its own."""
    async with opened(store, endpoint, bucket) as bare:
        driver = temporal_tdc.storage_driver(bare) if mode == "wrapped" else bare
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
