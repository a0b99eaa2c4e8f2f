"""Large payloads cross the languages: each stores what the others retrieve, if tdc wraps the driver on one side.

The drivers of TypeScript and Python are the official ones. Go's are not on the module proxy, and Java's SDK has none,
so their workers have some after the documentation, by the SDK's own interface (e2e/storage/README.md). Java's is for
Google's store alone.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import history
from harness.checks import eventually
from harness.codec_server import CodecServer, ask, serve
from harness.commands import run
from harness.object_store import GcsStore, ObjectStore, S3Store
from harness.processes import environment
from harness.stage import Stage
from harness.stored import check_history, check_store, large_letter, references

#: Those that have a driver for both stores.
_LANGUAGES = ("go", "typescript", "python")
_SNAKE = frozenset({"bucket", "hash_algorithm", "hash_value"})
_CAMEL = frozenset({"bucket", "hashAlgorithm", "hashValue"})
#: How the bare drivers spell a claim, by store.
_SPELLED = {
    "s3": {"go": _SNAKE | {"key"}, "python": _SNAKE | {"key"}, "typescript": _CAMEL | {"key"}},
    "gcs": {
        "go": _SNAKE | {"key", "object_name"},
        "python": _SNAKE | {"object_name"},
        "typescript": _CAMEL | {"object"},
        "java": _SNAKE | {"object_name"},
    },
}
#: What those for S3 say of a claim that lacks their names.
_MISSING = {
    "go": 'claim missing field "hash_algorithm"',
    "python": "claim is missing required content hash information",
    "typescript": "claim is missing required content hash information",
}


@dataclass(frozen=True)
class Relay:
    """A workflow of one queue, with an activity on each of others."""

    name: str
    queue: str
    queues: list[str]
    #: How many references a bare driver wrote, and by which names.
    bare: tuple[int, frozenset[str]] | None = None

    def letters(self, letter: str) -> list[str]:
        """What there is after each activity."""
        return [" ".join([letter, *self.queues[:count]]) for count in range(len(self.queues) + 1)]


async def relay(stage: Stage) -> None:
    """Runs the same workflow in each language, with activities in all of them, and each driver wrapped or bare."""
    programs = stage.object_store
    if not programs:
        stage.checks.skipped("relay", "a store, or a Python with the official drivers, could not be had")
        return
    languages = [name for name in _LANGUAGES if name in stage.workers]
    s3 = await S3Store.start(stage.processes, programs, stage.folder / "relayed-s3")
    relays, bare = await _relays(stage, s3, languages)
    strangers = {
        (writer, reader): Relay(f"{queue}-to-{reader}", queue, [bare[reader]])
        for writer, queue in bare.items()
        for reader in bare
        if _SPELLED["s3"][writer] != _SPELLED["s3"][reader]
    }
    await _run(stage, s3, relays, list(strangers.values()))
    for (writer, reader), one in strangers.items():
        await _refused(stage, one, f"bare {writer} -> bare {reader}", _MISSING[reader])

    java = [name for name in stage.workers if name.startswith("java")][:1]
    if not java:
        stage.checks.skipped("relay in Java", "there is no JDK")
    gcs = await GcsStore.start(stage.processes, programs, stage.folder / "relayed-gcs")
    relays, _ = await _relays(stage, gcs, [*languages, *java])
    await _run(stage, gcs, relays, [])


async def _relays(stage: Stage, store: ObjectStore, languages: list[str]) -> tuple[list[Relay], dict[str, str]]:
    """Starts workers with wrapped and with bare drivers; gives a workflow for each, and the queues of the bare ones."""
    wrapped = await _workers(stage, store, languages, "wrapped")
    bare = await _workers(stage, store, languages, "bare")
    relays = [Relay(queue, queue, list(wrapped.values())) for queue in wrapped.values()]
    # The bare driver reads what it wrote itself, and what a wrapped one of any language has made of
    # its letter. It writes the inputs of all activities, the result of its own, and the workflow's.
    for language, queue in bare.items():
        written = (len(wrapped) + 3, _SPELLED[store.kind][language.rstrip("0123456789")])
        relays.append(Relay(queue, queue, [queue, *wrapped.values()], written))
    return relays, bare


async def _workers(stage: Stage, store: ObjectStore, languages: list[str], mode: str) -> dict[str, str]:
    """Starts a worker in each language, whose driver is wrapped or bare; gives their queues."""
    assert stage.object_store
    queues = {}
    for language in languages:
        queue = queues[language] = f"relay-{store.kind}-{mode}-{language}"
        command = stage.object_store.archive("serve") if language == "python" else stage.tool(language, "relay-worker")
        places = (stage.temporal.address, stage.config.path, *store.places, mode, queue)
        await stage.processes.worker(queue, [*command, *places], environment(**store.environment()))
    return queues


async def _run(stage: Stage, store: ObjectStore, relays: list[Relay], started: list[Relay]) -> None:
    """Runs workflows, and reads all that is stored; of those in `started` no result is expected."""
    assert stage.object_store
    letter = large_letter(stage)
    command = stage.object_store.archive("relay", stage.temporal.address, stage.config.path, *store.places, "wrapped")
    asked = {
        "letter": letter,
        "workflows": {one.name: [one.queue, one.queues] for one in [*relays, *started]},
        "awaited": [one.name for one in relays],
    }
    results = json.loads(await run(command, json.dumps(asked).encode(), store.environment()))
    reader = await Reader.start(stage, store)
    found: list[dict[str, Any]] = []
    for one in relays:
        letters = one.letters(letter)
        told = f"{results[one.name][-60:]}, of {len(results[one.name])} characters"
        title = f"{one.name}: it reads what {', '.join(one.queues)} have stored"
        stage.checks.that(title, results[one.name] == letters[-1], told)
        found += await reader.read(one, letters)
    check_store(stage, f"relay, {store.kind}", store, found)


async def _refused(stage: Stage, one: Relay, title: str, message: str) -> None:
    """A bare driver of another language cannot read the input of its activity, which is tried again and again."""

    async def probe() -> Any | None:
        described = await stage.temporal.describe(one.name)
        tried = [activity for activity in described.get("pendingActivities", []) if activity.get("attempt", 0) > 1]
        return tried[0]["lastFailure"] if tried else None

    failure = await eventually(f"another attempt of {one.name}", probe)
    said = await stage.tdc.decode(stage.config.path, list(history.payloads(failure)))
    told = " ".join(json.loads(history.data(payload))["message"] for payload in said)
    stage.checks.that(f"{title}: {message}", message in told, told)
    await stage.client.get_workflow_handle(one.name).terminate()


@dataclass(frozen=True)
class Reader:
    """Those who read references without a driver: the command line and the codec server."""

    stage: Stage
    store: ObjectStore
    codec: CodecServer

    @classmethod
    async def start(cls, stage: Stage, store: ObjectStore) -> "Reader":
        """Starts the codec server."""
        name = f"relayed-{store.kind}"
        return cls(stage, store, await serve(stage, name, [store.configuration()], "--dev", env=store.environment()))

    async def read(self, one: Relay, letters: list[str]) -> list[dict[str, Any]]:
        """Reads every reference of a workflow; gives the references."""
        stage, checks = self.stage, self.stage.checks
        events = await stage.temporal.history(one.name)
        # The input of the workflow and its result, and those of each activity.
        expected = sorted([letters[0], *letters[:-1], *letters[1:], letters[-1]])
        found = check_history(stage, one.name, self.store, events, len(expected), one.bare)
        config = stage.folder / f"relayed-{self.store.kind}.yaml"
        command: list[str | Path] = [stage.tdc.binary, "history", "decode", "--storage"]
        command += ["--config", config, "--namespace", "default"]
        decoded = json.loads(await run(command, json.dumps({"events": events}).encode(), self.store.environment()))
        checks.equal(f"{one.name}: references after tdc history decode --storage", references(decoded), [])
        self._same(f"{one.name}: tdc history decode --storage", decoded, expected)

        answers = [await ask(self.codec, "/download", reference) for reference in found]
        checks.equal(f"{one.name}: /download answers", [status for status, _ in answers], [200] * len(expected))
        self._same(f"{one.name}: /download", [payloads for _, payloads in answers], expected)
        return found

    def _same(self, title: str, document: Any, expected: list[str]) -> None:
        """Checks that a document has these letters, and no other."""
        values = [json.loads(history.data(payload)) for payload in history.payloads(document) if history.data(payload)]
        letters = sorted(value for value in values if isinstance(value, str))
        self.stage.checks.that(f"{title}: all letters", letters == expected, f"{len(letters)} of {len(expected)}")
