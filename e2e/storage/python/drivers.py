"""Python's official drivers, wrapped by tdc or not, with the clients that they are documented with."""

import contextlib
from collections.abc import AsyncIterator

import aioboto3  # type: ignore[import-untyped]  # it has no types
import temporal_tdc
from gcloud.aio.storage import Storage
from temporalio.contrib.aws.s3driver import S3StorageDriver
from temporalio.contrib.aws.s3driver.aioboto3 import new_aioboto3_client
from temporalio.contrib.gcp.gcsdriver import GCSStorageDriver
from temporalio.contrib.gcp.gcsdriver.gcloud_aio import new_gcloud_aio_client
from temporalio.converter import StorageDriver


@contextlib.asynccontextmanager
async def driver_of(store: str, endpoint: str, bucket: str, mode: str) -> AsyncIterator[StorageDriver]:
    """The driver of a store, s3 or gcs; `mode` is bare or wrapped. The credentials of S3 are in the environment."""
    async with _bare(store, endpoint, bucket) as driver:
        yield temporal_tdc.storage_driver(driver) if mode == "wrapped" else driver


@contextlib.asynccontextmanager
async def _bare(store: str, endpoint: str, bucket: str) -> AsyncIterator[StorageDriver]:
    if store == "gcs":
        async with Storage(api_root=endpoint) as gcs:
            yield GCSStorageDriver(new_gcloud_aio_client(gcs), bucket)
    else:
        session = aioboto3.Session(region_name="us-east-1")
        async with session.client("s3", endpoint_url=endpoint) as s3:
            yield S3StorageDriver(new_aioboto3_client(s3), bucket)
