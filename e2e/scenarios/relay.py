"""Large payloads cross the languages: each stores what the others retrieve, by a driver that tdc wraps.

The drivers of TypeScript and Python are the official ones. Go's is not on the module proxy, so its worker has one after
the documentation, by the SDK's own interface (e2e/storage/README.md).
"""

import json
import secrets
from pathlib import Path
from typing import Any

from harness import history
from harness.codec_server import CodecServer, ask, serve
from harness.commands import run
from harness.object_store import SPELLINGS, ObjectStore, claim, drivers, references
from harness.processes import environment
from harness.stage import Stage

#: Those that have a driver; the client is the worker in Python.
_LANGUAGES = ("go", "typescript", "python")
#: Seconds for all of it on a machine that does much else.
_LONG = 240


async def relay(stage: Stage) -> None:
    """Runs the same workflow in each language, with activities in all of them."""
    if not stage.object_store:
        stage.checks.skipped("relay", "versitygw or a Python with aioboto3 could not be had")
        return
    store = await ObjectStore.start(stage.processes, stage.object_store.versitygw, stage.folder / "relayed")
    places = (stage.temporal.address, stage.config.path, store.endpoint, store.bucket)
    languages = [name for name in _LANGUAGES if name in stage.workers]
    for name in languages[:-1]:
        command = [*stage.tool(name, "relay-worker"), *places, _queue(name)]
        await stage.processes.worker(_queue(name), command, environment(**store.environment()))
    queues = [_queue(name) for name in languages]
    # Too random for a compression that would bring it below the 256 KiB from which the SDKs store.
    letter = f"{stage.secret('letter')} {secrets.token_urlsafe(300_000)}"
    # What there is after each activity.
    letters = [" ".join([letter, *queues[:count]]) for count in range(len(queues) + 1)]
    command = stage.object_store.archive("relay", *places, *queues)
    results = json.loads(await run(command, letter.encode(), store.environment(), _LONG))
    codec = await serve(stage, "relayed", [store.configuration()], "--dev", env=store.environment())
    for queue in queues:
        told = f"{results[queue][-60:]}, of {len(results[queue])} characters"
        stage.checks.that(
            f"{queue}: it reads what {', '.join(queues)} have stored", results[queue] == letters[-1], told
        )
        await _read(stage, store, codec, queue, letters)
    _in_store(stage, store)


def _queue(language: str) -> str:
    return f"relay-{language}"


async def _read(stage: Stage, store: ObjectStore, codec: CodecServer, workflow: str, letters: list[str]) -> None:
    """Every reference of a workflow, by the command line and by the codec server."""
    checks = stage.checks
    events = await stage.temporal.history(workflow)
    stage.unread(f"{workflow}: the history", events)
    # The input of the workflow and its result, and those of each activity.
    expected = sorted([letters[0], *letters[:-1], *letters[1:], letters[-1]])
    found = references(events)
    checks.equal(f"{workflow}: references in the history", len(found), len(expected))
    checks.equal(f"{workflow}: their driver", drivers(found), {"aws.s3driver"})
    spellings = [set(claim(reference)) for reference in found]
    checks.equal(f"{workflow}: each claim has both spellings", spellings, [SPELLINGS] * len(expected))
    missing = {claim(reference)["key"] for reference in found} - set(store.keys())
    checks.equal(f"{workflow}: the bucket has what they refer to", missing, set())

    options = ("--storage", "--config", stage.folder / "relayed.yaml", "--namespace", "default")
    command: list[str | Path] = [stage.tdc.binary, "history", "decode", *options]
    decoded = json.loads(await run(command, json.dumps({"events": events}).encode(), store.environment()))
    checks.equal(f"{workflow}: references after tdc history decode --storage", references(decoded), [])
    _same(stage, f"{workflow}: tdc history decode --storage", decoded, expected)

    answers = [await ask(codec, "/download", reference) for reference in found]
    checks.equal(f"{workflow}: /download answers", [status for status, _ in answers], [200] * len(expected))
    _same(stage, f"{workflow}: /download", [payloads for _, payloads in answers], expected)


def _same(stage: Stage, title: str, document: Any, expected: list[str]) -> None:
    """Checks that a document has these letters, and no other."""
    values = [json.loads(history.data(payload)) for payload in history.payloads(document) if history.data(payload)]
    letters = sorted(value for value in values if isinstance(value, str))
    stage.checks.that(f"{title}: all letters", letters == expected, f"{len(letters)} of {len(expected)}")


def _in_store(stage: Stage, store: ObjectStore) -> None:
    """Checks that the codec was in front of the driver, in each language."""
    keys = store.keys()
    encodings = {store.payload(key).metadata["encoding"] for key in keys}
    stage.checks.equal("relay: what the objects hold", encodings, {b"binary/encrypted"})
    stage.checks.equal("relay: no plaintext in the store", history.leaks(store.everything(), stage.markers), [])
