"""Large payloads cross the languages: each stores what the others retrieve, by a driver that tdc wraps.

The drivers of TypeScript and Python are the official ones. Go's is not on the module proxy, so its worker has one after
the documentation, by the SDK's own interface (e2e/storage/README.md).
"""

import json
from pathlib import Path
from typing import Any

from harness import history
from harness.codec_server import CodecServer, ask, serve
from harness.commands import run
from harness.object_store import ObjectStore
from harness.processes import environment
from harness.stage import Stage
from harness.stored import check_history, check_store, large_letter, references

#: Those that have a driver; the client is the worker in Python.
_LANGUAGES = ("go", "typescript", "python")


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
    letter = large_letter(stage)
    # What there is after each activity.
    letters = [" ".join([letter, *queues[:count]]) for count in range(len(queues) + 1)]
    command = stage.object_store.archive("relay", *places, *queues)
    results = json.loads(await run(command, letter.encode(), store.environment()))
    codec = await serve(stage, "relayed", [store.configuration()], "--dev", env=store.environment())
    found: list[dict[str, Any]] = []
    for queue in queues:
        told = f"{results[queue][-60:]}, of {len(results[queue])} characters"
        stage.checks.that(
            f"{queue}: it reads what {', '.join(queues)} have stored", results[queue] == letters[-1], told
        )
        found += await _read(stage, store, codec, queue, letters)
    check_store(stage, "relay", store, found)


def _queue(language: str) -> str:
    return f"relay-{language}"


async def _read(
    stage: Stage, store: ObjectStore, codec: CodecServer, workflow: str, letters: list[str]
) -> list[dict[str, Any]]:
    """Reads every reference of a workflow, by the command line and by the codec server; gives the references."""
    checks = stage.checks
    events = await stage.temporal.history(workflow)
    # The input of the workflow and its result, and those of each activity.
    expected = sorted([letters[0], *letters[:-1], *letters[1:], letters[-1]])
    found = check_history(stage, workflow, events, len(expected))
    options = ("--storage", "--config", stage.folder / "relayed.yaml", "--namespace", "default")
    command: list[str | Path] = [stage.tdc.binary, "history", "decode", *options]
    decoded = json.loads(await run(command, json.dumps({"events": events}).encode(), store.environment()))
    checks.equal(f"{workflow}: references after tdc history decode --storage", references(decoded), [])
    _same(stage, f"{workflow}: tdc history decode --storage", decoded, expected)

    answers = [await ask(codec, "/download", reference) for reference in found]
    checks.equal(f"{workflow}: /download answers", [status for status, _ in answers], [200] * len(expected))
    _same(stage, f"{workflow}: /download", [payloads for _, payloads in answers], expected)
    return found


def _same(stage: Stage, title: str, document: Any, expected: list[str]) -> None:
    """Checks that a document has these letters, and no other."""
    values = [json.loads(history.data(payload)) for payload in history.payloads(document) if history.data(payload)]
    letters = sorted(value for value in values if isinstance(value, str))
    stage.checks.that(f"{title}: all letters", letters == expected, f"{len(letters)} of {len(expected)}")
