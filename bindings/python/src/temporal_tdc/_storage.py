"""Claims of external storage that the drivers of every SDK can read.

The official drivers spell the same things differently: ``hash_algorithm`` and ``hash_value`` in Go
and Python, ``hashAlgorithm`` and ``hashValue`` in TypeScript; for Google Cloud Storage, ``key`` or
``object_name`` in Go, ``object_name`` in Python and ``object`` in TypeScript. The SDK stores what a
codec returns, and a codec never sees a claim, so this is a driver around the driver.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import temporalio.converter
from temporalio.api.common.v1 import Payload

from temporal_tdc._codes import Code
from temporal_tdc._errors import InputError

if TYPE_CHECKING:
    from temporalio.converter import (
        StorageDriver,
        StorageDriverClaim,
        StorageDriverRetrieveContext,
        StorageDriverStoreContext,
    )
else:
    StorageDriver = getattr(temporalio.converter, "StorageDriver", object)

_HASH: Final = (("hash_algorithm", "hashAlgorithm"), ("hash_value", "hashValue"))
_OF_TYPE: Final = {"gcp.gcsdriver": (("key", "object", "object_name"), *_HASH)}
"""Only for Google's drivers: it would repeat the long key of every S3 object in the history, and
to a driver of somebody's own ``key`` and ``object`` may be two things."""


def storage_driver(driver: StorageDriver) -> StorageDriver:
    """Wrap a storage driver, so that claims can be read by the official drivers of every SDK.

    The claims that ``store`` returns have every spelling, and so do those that ``retrieve`` gets.
    Name, type and payloads are the driver's. If two spellings are there and disagree, an
    ``InputError`` names them, and nothing is retrieved. It needs no config::

        ExternalStorage(drivers=[temporal_tdc.storage_driver(S3StorageDriver(client, "orders"))])

    A ``driver_selector`` has to return the wrapped driver.

    Raises:
        RuntimeError: This version of temporalio has no external storage.
    """
    if StorageDriver is object:
        raise RuntimeError("external storage needs temporalio 1.24 or later")
    return _StorageDriver(driver)


class _StorageDriver(StorageDriver):
    """The driver, with every spelling in claims."""

    def __init__(self, driver: StorageDriver) -> None:
        self._driver = driver

    def name(self) -> str:
        """Return the driver's name."""
        return self._driver.name()

    def type(self) -> str:
        """Return the driver's type."""
        return self._driver.type()

    async def store(
        self, context: StorageDriverStoreContext, payloads: Sequence[Payload]
    ) -> list[StorageDriverClaim]:
        """Store by the driver, and add the other spellings to its claims."""
        return self._with_every_spelling(await self._driver.store(context, payloads))

    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        """Add the other spellings, and retrieve by the driver."""
        return await self._driver.retrieve(context, self._with_every_spelling(claims))

    def _with_every_spelling(
        self, claims: Sequence[StorageDriverClaim]
    ) -> list[StorageDriverClaim]:
        spellings = _OF_TYPE.get(self.type(), _HASH)
        result: list[StorageDriverClaim] = []
        for index, claim in enumerate(claims):
            data = dict(claim.claim_data)
            for names in spellings:
                first, *others = [name for name in names if name in data] or [""]
                for other in others:
                    if data[other] != data[first]:
                        raise InputError(
                            f'the claim of the storage driver "{self.name()}" is contradictory: '
                            f"its {first} and {other} disagree",
                            code=Code.ERR_REFERENCE,
                            payload_index=index,
                        )
                if first:
                    data |= dict.fromkeys(names, data[first])
            result.append(dataclasses.replace(claim, claim_data=data))
        return result
