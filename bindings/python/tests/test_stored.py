"""Stored payloads in the places of their references, by storage drivers of the program."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest
import temporalio.converter
from google.protobuf import json_format
from support import config, payload, run
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import History

import temporal_tdc
from temporal_tdc import Code, InputError, Tdc, TdcError
from temporal_tdc._errors import SystemFaultError

if not hasattr(temporalio.converter, "StorageDriver"):
    pytest.skip("this temporalio has no external storage", allow_module_level=True)

from temporalio.converter import (
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)

Retrieve = Callable[[list[Payload]], Awaitable[list[Payload]]]
STORE = {"s3": {"region": "eu-central-1"}}
STORES = {name: {**STORE, "buckets": ["orders"]} for name in ("s3", "other")}


class Memory(StorageDriver):
    """A driver over a dict, with the keys and claims of the official one for Amazon S3."""

    def __init__(self, name: str, retrieve: Retrieve | None = None) -> None:
        self._name = name
        self._retrieve = retrieve
        self.payloads: dict[str, Payload] = {}
        self.retrievals: list[Sequence[StorageDriverClaim]] = []
        self.threads: set[int] = set()

    def name(self) -> str:
        return self._name

    def type(self) -> str:
        return "aws.s3driver"

    async def store(
        self, context: StorageDriverStoreContext, payloads: Sequence[Payload]
    ) -> list[StorageDriverClaim]:
        del context
        claims: list[StorageDriverClaim] = []
        for item in payloads:
            digest = hashlib.sha256(item.SerializeToString()).hexdigest()
            key = f"v0/ns/orders/wt/t/wi/w/ri/r/d/sha256/{digest}"
            self.payloads[key] = item
            algorithm = {"hash_algorithm": "sha256", "hash_value": digest}
            claims.append(StorageDriverClaim({"bucket": "orders", "key": key, **algorithm}))
        return claims

    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        assert isinstance(context, StorageDriverRetrieveContext)
        self.retrievals.append(claims)
        self.threads.add(threading.get_ident())
        await asyncio.sleep(0)
        found = [self.payloads[claim.claim_data["key"]] for claim in claims]
        return found if self._retrieve is None else await self._retrieve(found)

    def refer(self, *payloads: Payload) -> list[Payload]:
        """Store payloads, and make references to them as the SDK writes them."""
        claims = run(self.store(StorageDriverStoreContext(), payloads))
        return [reference(self._name, dict(claim.claim_data)) for claim in claims]


def reference(driver: str, claim: dict[str, str]) -> Payload:
    metadata = {
        "encoding": b"json/protobuf",
        "messageType": b"temporal.api.sdk.v1.ExternalStorageReference",
    }
    data = json.dumps({"driverName": driver, "claimData": claim}).encode()
    return Payload(metadata=metadata, data=data)


def history(*payloads: Payload) -> History:
    message = History()
    started = message.events.add(event_id=1).workflow_execution_started_event_attributes
    started.input.payloads.extend(payloads)
    return message


def opened(namespace: str | None = "orders", **storage: object) -> Tdc:
    return temporal_tdc.parse(config(storage={"stores": STORES, **storage}), namespace=namespace)


def test_stored_payloads_take_the_places_of_their_references() -> None:
    s3, other = Memory("s3"), Memory("other")
    with opened() as tdc:
        # One more than two calls of one driver, and one of another.
        plain = [payload(str(number).encode()) for number in range(33)]
        sealed = run(tdc.payload_codec.encode(plain))
        references = s3.refer(*sealed)
        given = [*references, references[0], *other.refer(plain[0]), sealed[1]]
        message, expected = history(*given), history(*plain, plain[0], plain[0], plain[1])
        decoded = run(tdc.decode_message(message, storage_drivers=[s3, other]))
        assert decoded == expected
        assert message == history(*given)
        assert len(s3.retrievals) == 3
        assert all(len(claims) <= 16 for claims in s3.retrievals)
        keys = [claim.claim_data["key"] for claims in s3.retrievals for claim in claims]
        assert sorted(keys) == sorted(s3.payloads), "each is asked for once"
        (((claim,),)) = other.retrievals
        key = next(iter(other.payloads))
        digest = key.rpartition("/")[2]
        assert claim.claim_data == {
            "bucket": "orders",
            "key": key,
            "object": key,
            "object_name": key,
            "hash_algorithm": "sha256",
            "hashAlgorithm": "sha256",
            "hash_value": digest,
            "hashValue": digest,
        }
        # Drivers belong to the event loop of the caller.
        assert s3.threads == {threading.get_ident()}

        exported = json_format.MessageToJson(message).encode()
        text = run(tdc.decode_history(exported, storage_drivers=(s3, other)))
        assert json_format.Parse(text, History()) == expected
        # Without drivers references stay.
        kept = history(*given[:-1], plain[1])
        assert run(tdc.decode_message(message)) == kept
        assert json_format.Parse(run(tdc.decode_history(exported)), History()) == kept


async def _few(found: list[Payload]) -> list[Payload]:
    return found[1:]


async def _none(found: list[Payload]) -> list[Payload]:
    return [None for _ in found]  # type: ignore[misc]  # pyright: ignore[reportReturnType]


async def _moved(found: list[Payload]) -> list[Payload]:
    raise OSError(f"{len(found)} buckets have moved")


async def _slow(found: list[Payload]) -> list[Payload]:
    await asyncio.sleep(60)
    return found


@pytest.mark.parametrize(
    ("retrieve", "expected"),
    [
        (_few, "the storage driver gave 1 payloads for 2 claims"),
        (_none, "AttributeError: 'NoneType'"),
        (_moved, "OSError: 2 buckets have moved"),
        (_slow, "no answer in 0.05 s"),
    ],
)
def test_what_is_not_retrieved_is_transient(retrieve: Retrieve, expected: str) -> None:
    driver = Memory("s3", retrieve)
    message = history(*driver.refer(payload(b"1"), payload(b"2")))
    with opened(timeout="50 ms") as tdc:
        with pytest.raises(SystemFaultError, match=expected) as caught:
            run(tdc.decode_message(message, storage_drivers=[driver]))
        assert caught.value.code == Code.ERR_STORAGE
        assert caught.value.transient


def test_no_driver_sees_what_may_not_be_followed() -> None:
    driver = Memory("s3")
    (mine,) = driver.refer(payload(b"1"))
    (others,) = Memory("other").refer(payload(b"1"))
    for namespace, item, code in (
        ("payments", mine, Code.ERR_REFERENCE),
        (None, mine, Code.ERR_REFERENCE),
        ("orders", reference("gcs", {}), Code.ERR_REFERENCE),
        ("orders", others, Code.ERR_STORAGE),
    ):
        with opened(namespace) as tdc, pytest.raises(TdcError) as caught:
            run(tdc.decode_message(history(item), storage_drivers=[driver]))
        assert caught.value.code == code
        assert isinstance(caught.value, InputError) == (code == Code.ERR_REFERENCE)
    assert driver.retrievals == []


def test_a_cancelled_call_cancels_the_driver() -> None:
    ends: list[str] = []

    async def slow(found: list[Payload]) -> list[Payload]:
        try:
            return await _slow(found)
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    driver = Memory("s3", slow)
    message = history(*driver.refer(payload(b"1")))
    with opened() as tdc:
        decoding = tdc.decode_message(message, storage_drivers=[driver])
        with pytest.raises(asyncio.TimeoutError):
            run(asyncio.wait_for(decoding, 0.1))
    assert ends == ["cancelled"]
