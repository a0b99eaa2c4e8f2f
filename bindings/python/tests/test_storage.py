"""The wrapper around storage drivers: the claims of every SDK, by the vectors and beyond."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import temporalio.converter
from support import payload, run
from temporalio.api.common.v1 import Payload

import temporal_tdc

if not hasattr(temporalio.converter, "StorageDriver"):
    pytest.skip("this temporalio has no external storage", allow_module_level=True)

from temporalio.converter import (
    DataConverter,
    ExternalStorage,
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)

FILE = Path(__file__).parents[3] / "vectors" / "claims" / "claims.json"
VECTORS: dict[str, dict[str, Any]] = {
    vector["name"]: vector for vector in json.loads(FILE.read_text())["vectors"]
}


class Memory(StorageDriver):
    """Return the claims that it was given, and keep what it is asked for."""

    def __init__(self, kind: str, *claims: dict[str, str]) -> None:
        self.kind = kind
        self.claims = [StorageDriverClaim(claim) for claim in claims]
        self.contexts: list[object] = []
        self.stored: list[Payload] = []
        self.retrieved: list[StorageDriverClaim] = []

    def name(self) -> str:
        return "orders"

    def type(self) -> str:
        return self.kind

    async def store(
        self, context: StorageDriverStoreContext, payloads: Sequence[Payload]
    ) -> list[StorageDriverClaim]:
        self.contexts.append(context)
        self.stored = list(payloads)
        return self.claims

    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        self.contexts.append(context)
        self.retrieved = list(claims)
        return self.stored


STORE = StorageDriverStoreContext()
RETRIEVE = StorageDriverRetrieveContext()


@pytest.mark.parametrize("name", VECTORS)
def test_vector(name: str) -> None:
    vector = VECTORS[name]
    claim, expect = vector["claim"], vector["expect"]
    before = dict(claim)
    inner = Memory(vector["type"], claim)
    driver = temporal_tdc.storage_driver(inner)
    if "error" in expect:
        text = (
            f"{expect['error']} (115) in payload 0: the claim of the storage driver "
            f'"orders" is contradictory: its {" and ".join(expect["names"])} disagree'
        )
        for work in (driver.store(STORE, []), driver.retrieve(RETRIEVE, inner.claims)):
            with pytest.raises(temporal_tdc.InputError) as caught:
                run(work)
            assert str(caught.value) == text
        assert inner.retrieved == []
    else:
        want = [StorageDriverClaim(expect["claim"])]
        assert run(driver.store(STORE, [])) == want
        run(driver.retrieve(RETRIEVE, inner.claims))
        assert inner.retrieved == want
    assert claim == before


def test_everything_else_is_the_drivers() -> None:
    inner = Memory(
        "aws.s3driver", {"key": "a", "hash_value": "1"}, {"key": "b"}, {"hashValue": "3"}
    )
    driver = temporal_tdc.storage_driver(inner)
    assert (driver.name(), driver.type()) == ("orders", "aws.s3driver")
    payloads = [payload(b"a"), payload(b"b"), payload(b"c")]
    claims = run(driver.store(STORE, payloads))
    assert [claim.claim_data for claim in claims] == [
        {"key": "a", "hash_value": "1", "hashValue": "1"},
        {"key": "b"},
        {"hash_value": "3", "hashValue": "3"},
    ]
    assert run(driver.retrieve(RETRIEVE, claims)) == payloads
    assert inner.stored == payloads
    assert inner.contexts == [STORE, RETRIEVE]


def test_the_sdks_interface_has_nothing_that_is_not_forwarded() -> None:
    driver = temporal_tdc.storage_driver(Memory("aws.s3driver"))
    public = {name for name in vars(StorageDriver) if not name.startswith("_")}
    assert public <= set(vars(type(driver)))


def test_the_claim_that_disagrees_is_named() -> None:
    driver = temporal_tdc.storage_driver(Memory("aws.s3driver"))
    claims = [StorageDriverClaim({}), StorageDriverClaim({"hash_value": "a", "hashValue": "b"})]
    with pytest.raises(temporal_tdc.InputError) as caught:
        run(driver.retrieve(RETRIEVE, claims))
    assert (caught.value.payload_index, caught.value.transient) == (1, False)


def test_a_data_converter_stores_and_retrieves_by_it() -> None:
    inner = Memory("aws.s3driver", {"bucket": "orders", "key": "k", "hash_value": "1"})
    storage = ExternalStorage(
        drivers=[temporal_tdc.storage_driver(inner)], payload_size_threshold=0
    )
    converter = DataConverter(external_storage=storage)
    [reference] = run(converter.encode(["tea"]))
    assert json.loads(reference.data)["claimData"] == {
        "bucket": "orders",
        "hashValue": "1",
        "hash_value": "1",
        "key": "k",
    }
    assert run(converter.decode([reference])) == ["tea"]
