"""Stored objects: letters that are stored, the references to them in a history, and what the store has."""

import base64
import json
import secrets
from collections import Counter
from typing import Any

from harness import history
from harness.object_store import ObjectStore
from harness.stage import Stage

_REFERENCE = "temporal.api.sdk.v1.ExternalStorageReference"
#: How drivers spell the key of an object.
_KEYS = ("key", "object", "object_name")


def large_letter(stage: Stage) -> str:
    """A letter that is too random for a compression that would bring it below the 256 KiB from which the SDKs store."""
    return f"{stage.secret('letter')} {secrets.token_urlsafe(300_000)}"


def references(document: Any) -> list[dict[str, Any]]:
    """The payloads of a document that refer to objects."""
    return [
        payload
        for payload in history.payloads(document)
        if base64.b64decode(payload["metadata"].get("messageType", "")).decode() == _REFERENCE
    ]


def claim(reference: dict[str, Any]) -> dict[str, str]:
    """What a reference says of its object."""
    data: dict[str, str] = json.loads(history.data(reference))["claimData"]
    return data


def check_history(  # noqa: PLR0913, PLR0917
    stage: Stage,
    title: str,
    store: ObjectStore,
    events: list[dict[str, Any]],
    count: int,
    bare: tuple[int, frozenset[str]] | None = None,
) -> list[dict[str, Any]]:
    """Checks that a history has so many references, which every SDK reads, and no plaintext; gives the references.

    `bare` says how many of them a driver wrote that was not wrapped, and by which names.
    """
    stage.unread(f"{title}: the history", events)
    found = references(events)
    drivers = {json.loads(history.data(reference))["driverName"] for reference in found}
    stage.checks.equal(f"{title}: their driver", drivers, {store.driver})
    spellings = Counter(frozenset(claim(reference)) for reference in found)
    expected = Counter({store.spellings: count})
    if bare:
        expected = Counter({store.spellings: count - bare[0], bare[1]: bare[0]})
    stage.checks.equal(f"{title}: references in the history, by their spellings", spellings, expected)
    return found


def check_store(stage: Stage, title: str, store: ObjectStore, found: list[dict[str, Any]]) -> None:
    """Checks that the bucket has what the references name, and that the codec was in front of the driver."""
    keys = store.keys()
    # There are more: a worker without a cache replays, and by that stores the input of its activity
    # again under another nonce, which the SDK then does not send.
    named = {next(of[name] for name in _KEYS if name in of) for of in map(claim, found)}
    missing = named - set(keys)
    stage.checks.equal(f"{title}: the bucket has all that the references name", missing, set())
    outside = [key for key in keys if not key.startswith("v0/ns/default/")]
    stage.checks.equal(f"{title}: keys begin with the namespace", outside, [])
    encodings = {store.payload(key).metadata["encoding"] for key in keys}
    stage.checks.equal(f"{title}: encoding of the stored objects", encodings, {b"binary/encrypted"})
    leaked = history.leaks(store.everything(), stage.markers)
    stage.checks.equal(f"{title}: no plaintext in the store", leaked, [])
