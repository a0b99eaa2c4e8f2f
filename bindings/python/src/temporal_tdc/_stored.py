"""Stored payloads that a call asks for: the program's own storage drivers retrieve them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import temporalio.converter

from temporal_tdc._requests import Kind, Request
from temporal_tdc._wire import bytes_field, fields

if TYPE_CHECKING:
    from temporalio.converter import StorageDriver


class _Object(NamedTuple):
    """``tdc.host.v1.Object``, as far as drivers need it."""

    store: str
    claim: dict[str, str]
    timeout: float


def check_drivers(drivers: Sequence[StorageDriver]) -> Sequence[StorageDriver]:
    """Give the drivers back, where this version of temporalio has any.

    Raises:
        RuntimeError: It has no external storage.
    """
    if drivers and not hasattr(temporalio.converter, "StorageDriver"):
        raise RuntimeError("external storage needs temporalio 1.24 or later")
    return drivers


async def retrieve(drivers: Sequence[StorageDriver], requests: Sequence[Request]) -> list[bytes]:
    """Answer requests for stored objects: each driver retrieves all of its own together."""
    found = [(request, _read(request.message)) for request in requests]
    by_name = {driver.name(): driver for driver in reversed(drivers)}
    answers = [request.answer(Kind.UNKNOWN) for request, item in found if item.store not in by_name]
    asked = [
        _ask(driver, own)
        for name, driver in by_name.items()
        if (own := [(request, item) for request, item in found if item.store == name])
    ]
    return answers + [answer for some in await asyncio.gather(*asked) for answer in some]


async def _ask(driver: StorageDriver, found: list[tuple[Request, _Object]]) -> list[bytes]:
    sdk: Any = temporalio.converter
    claims = [sdk.StorageDriverClaim(claim_data=item.claim) for _, item in found]
    timeout = found[0][1].timeout
    try:
        asking = driver.retrieve(sdk.StorageDriverRetrieveContext(), claims)
        payloads = [each.SerializeToString() for each in await asyncio.wait_for(asking, timeout)]
    except asyncio.TimeoutError:
        return _failures(found, f"no answer in {timeout:g} s")
    except Exception as error:  # noqa: BLE001
        return _failures(found, f"{type(error).__name__}: {error}")
    if len(payloads) != len(claims):
        return _failures(
            found, f"the storage driver gave {len(payloads)} payloads for {len(claims)} claims"
        )
    return [
        request.answer(Kind.RETRIEVED, payload)
        for (request, _), payload in zip(found, payloads, strict=True)
    ]


def _read(message: bytes) -> _Object:
    store, timeout = "", 0.0
    claim: dict[str, str] = {}
    for number, value in fields(message):
        if number == 1:
            store = value.decode()
        elif number == 5:  # noqa: PLR2004
            timeout = value / 1000
        elif number == 6:  # noqa: PLR2004
            entry = dict(fields(value))
            claim[entry[1].decode()] = entry[2].decode()
    return _Object(store, claim, timeout)


def _failures(found: list[tuple[Request, _Object]], reason: str) -> list[bytes]:
    """Answer each with ``tdc.host.v1.ObjectFailure``."""
    failure = bytes_field(2, reason.encode(errors="replace"))
    return [request.answer(Kind.OBJECT_FAILURE, failure) for request, _ in found]
