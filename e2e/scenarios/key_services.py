"""Workers under keys of a key service: the KEK is rotated, taken away and given back; a proxy seals on top of it."""

import asyncio
import copy
import dataclasses
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp
import temporal_tdc
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from harness import history
from harness.browser import ENCRYPTED, WebUi, chromium
from harness.checks import eventually
from harness.codec_server import start
from harness.commands import run
from harness.events import first_event
from harness.key_services import OpenBao, Proxy, Services, reseal
from harness.processes import Worker, environment, free_port
from harness.stage import Stage

ORDERS, AUDIT, PROXY = "hashivault://orders", "hashivault://audit", "hashivault://proxy"
#: Data keys and what was unwrapped live for a second here, so that a test sees their end.
SHORT = 1.1


@dataclasses.dataclass
class Bench:
    """The workers under one tdc.yaml, and the clients of the test."""

    stage: Stage
    bao: OpenBao
    config: Path
    server: int
    workers: dict[str, Worker]
    reader: temporal_tdc.Tdc
    clients: dict[str, Client]

    @property
    def helpers(self) -> list[str]:
        """The task queues whose activities the Go workflow runs."""
        return [_queue(name) for name in self.workers if name != "go"]

    async def reload(self) -> None:
        """Has all workers read their configuration again."""
        await asyncio.gather(*(worker.tell("reload", "reloaded") for worker in self.workers.values()))


def _queue(worker: str) -> str:
    return f"keys-{worker}"


async def key_services(stage: Stage) -> None:
    """Runs a workflow across all languages through the life of its keys."""
    if not stage.key_services:
        stage.checks.skipped("key services", "OpenBao could not be had")
        return
    services = await stage.key_services.start()
    async with _bench(stage, services) as bench:
        opening = stage.secret("opening")
        ledger = await bench.clients["orders"].start_workflow(
            "Ledger", args=[opening, bench.helpers], id="keys-ledger", task_queue=_queue("go"), result_type=list[str]
        )
        said = [opening]
        await _say(bench, ledger, said)
        await _versions(bench, ledger, {"v1"})
        await bench.bao.post("transit/keys/orders/rotate")
        await asyncio.sleep(SHORT)
        await _say(bench, ledger, said)
        await _versions(bench, ledger, {"v1", "v2"})
        await _refused(bench, ledger, said)
        await ledger.signal("say", "close")
        stage.checks.equal("key services: the workflow ends complete", await ledger.result(), _stamped(bench, said))
        await _read(bench, ledger, said)
        await _sealed_twice(bench, services, ledger)


@asynccontextmanager
async def _bench(stage: Stage, services: Services) -> AsyncIterator[Bench]:
    bao = services.bao
    for key in ("orders", "audit", "proxy"):
        await bao.post(f"transit/keys/{key}")
    await _permit(bao)
    port = free_port()
    config = stage.folder / "keys.yaml"
    _write(config, "orders", port, stage.temporal.web_ui)
    _write(stage.folder / "keys-audit.yaml", "audit", port, stage.temporal.web_ui)
    # The test is an administrator: what the workers may not do, it may.
    async with AsyncExitStack() as running:
        running.enter_context(mock.patch.dict(os.environ, services.environment()))
        reader = running.enter_context(temporal_tdc.open(config))
        auditor = running.enter_context(temporal_tdc.open(stage.folder / "keys-audit.yaml"))
        proxied = Proxy(services.programs.gocloud, PROXY, environment(), reader.payload_codec)
        converters = {
            "orders": reader.data_converter,
            "audit": auditor.data_converter,
            "proxy": dataclasses.replace(reader.data_converter, payload_codec=proxied),
        }
        clients = {
            name: await Client.connect(stage.temporal.address, data_converter=converter)
            for name, converter in converters.items()
        }
        env = bao.environment(await bao.token("worker"))
        workers = {}
        # All ask the service by libtdc_keys, but for one of two Javas, whose program has a client
        # of its own.
        own_client = [name for name in stage.workers if name.startswith("java")][:-1]
        for name in stage.workers:
            own = {"E2E_OWN_KEY_SERVICE": "1"} if name in own_client else {}
            command = [*stage.tool(name, "sites-worker"), stage.temporal.address, config, _queue(name)]
            workers[name] = await stage.processes.worker(_queue(name), command, environment(**env, **own))
        yield Bench(stage, bao, config, port, workers, reader, clients)
        for worker in workers.values():
            await worker.stop()


async def _permit(bao: OpenBao, *verbs: str) -> None:
    """Lets workers do this with every key; everything without verbs."""
    await bao.allow(
        "worker", *(f"{verb}/{key}" for verb in verbs or ("encrypt", "decrypt") for key in ("orders", "audit", "proxy"))
    )


def _write(path: Path, primary: str, port: int, web_ui: str) -> None:
    data_key = "data_key: { lifetime: 1 s, renew_before: 1 ms }"
    lines = ["version: 1", "keys:", f"  primary: {primary}", "  ring:"]
    lines += [f'    {name}: {{ service: "hashivault://{name}", {data_key} }}' for name in ("orders", "audit", "proxy")]
    lines += ["  cache: { lifetime: 1 s }", "codecs: [zlib, encrypt: { required: true }]"]
    lines += [
        "failures: { encode_common_attributes: true }",
        f"server: {{ listen: '127.0.0.1:{port}', cors: {{ origins: ['{web_ui}'] }} }}",
        "",
    ]
    path.write_text("\n".join(lines))


def _stamped(bench: Bench, said: Sequence[str]) -> list[str]:
    return [said[0], *(" ".join([word, *bench.helpers]) for word in said[1:])]


async def _say(bench: Bench, ledger: WorkflowHandle[Any, list[str]], said: list[str]) -> None:
    """Sends one entry, which every helper stamps."""
    said.append(bench.stage.secret("entry"))
    await ledger.signal("say", said[-1])
    await _arrived(bench, ledger, said)


async def _arrived(bench: Bench, ledger: WorkflowHandle[Any, list[str]], said: list[str]) -> None:
    async def probe() -> list[str] | None:
        try:
            entries = await ledger.query("entries", result_type=list[str])
        except RPCError:
            # While a task fails, the server passes no queries to workers.
            return None
        return entries if len(entries) == len(said) else None

    title = f"key services: entry {len(said) - 1} crosses {', '.join(bench.workers)}"
    bench.stage.checks.equal(title, await eventually(title, probe), _stamped(bench, said))


async def _versions(bench: Bench, ledger: WorkflowHandle[Any, list[str]], expected: set[str]) -> None:
    """Checks by which versions of the KEK the data keys in the history are wrapped."""
    events = await bench.stage.histories(ledger.id)
    bench.stage.unread("key services", events)
    stored = list(history.payloads(events))
    forms = {(history.encoding(payload), history.key_id(payload)) for payload in stored}
    bench.stage.checks.equal("key services: the history has envelopes only", forms, {("binary/encrypted", ORDERS)})
    found = {history.wrapped_key(payload).split(b":")[1].decode() for payload in stored}
    bench.stage.checks.equal("key services: versions of the KEK in the history", found, expected)


async def _refused(bench: Bench, ledger: WorkflowHandle[Any, list[str]], said: list[str]) -> None:
    """A policy takes decrypt away, and old versions of a KEK may not decrypt: tasks fail, and nothing else."""
    checks = bench.stage.checks
    words = {name: bench.stage.secret("audited") for name in bench.workers}
    audited = {
        name: await bench.clients["audit"].start_workflow(
            "Sites", args=[word, ""], id=f"keys-audited-{name}", task_queue=_queue(name), result_type=list[str]
        )
        for name, word in words.items()
    }
    for handle in audited.values():
        await first_event(handle, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
    await bench.bao.post("transit/keys/audit/rotate")
    await bench.bao.post("transit/keys/audit/config", {"min_decryption_version": 2})
    await _permit(bench.bao, "encrypt")
    await asyncio.sleep(SHORT)

    said.append(bench.stage.secret("entry"))
    await ledger.signal("say", said[-1])
    for handle in audited.values():
        await handle.signal("step", "close")
    failed = await asyncio.gather(*map(_failure, [bench] * (1 + len(audited)), [ledger, *audited.values()]))
    for handle, failure in zip([ledger, *audited.values()], failed, strict=True):
        title = f"key services: refused, the task of {handle.id} fails"
        checks.that(title, "TDC_ERR_KEY_REFUSED" in failure, failure)

    await _permit(bench.bao)
    await bench.bao.post("transit/keys/audit/config", {"min_decryption_version": 1})
    await bench.reload()
    await _arrived(bench, ledger, said)
    for name, handle in audited.items():
        checks.equal(f"key services: {handle.id} completes once access is back", await handle.result(), [words[name]])
        kinds = {event.event_type async for event in handle.fetch_history_events()}
        tasks = {EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED, EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT}
        others = [kind for kind in map(EventType.Name, kinds - tasks) if kind.endswith(("_FAILED", "_TIMED_OUT"))]
        checks.equal(f"key services: in {handle.id} nothing but tasks failed", others, [])


async def _failure(bench: Bench, handle: WorkflowHandle[Any, Any]) -> str:
    """What the first failed task says: its failure is encrypted, as everything else."""
    failed = await first_event(handle, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
    return str(await bench.reader.decode_message(failed.workflow_task_failed_event_attributes))


async def _read(bench: Bench, ledger: WorkflowHandle[Any, list[str]], said: list[str]) -> None:
    """`tdc serve` with the workers' own file gives the Web UI what workers wrote."""
    env = bench.bao.environment(await bench.bao.token("worker"))
    server = await start(bench.stage, "keys-serve", bench.config, bench.server, "--dev", env=env)
    stored = list(history.payloads(await bench.stage.histories(ledger.id)))
    headers = {"X-Namespace": "default"}
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.post(f"{server.url}/decode", json={"payloads": stored}, headers=headers) as answer,
    ):
        decoded = (await answer.json())["payloads"]
    read = b"\n".join(map(history.data, decoded)).decode()
    missing = [word for word in said if word not in read]
    bench.stage.checks.equal(f"key services: tdc serve decodes all {len(stored)} payloads", missing, [])
    outer = {history.encoding(payload) for payload in decoded}
    bench.stage.checks.equal("key services: nothing stays encrypted", outer - {"json/plain", "binary/null"}, set())
    await _seen(bench.stage, server.url, ledger.id, said)


async def _seen(stage: Stage, endpoint: str, workflow: str, said: list[str]) -> None:
    """A person reads the workflow in the Web UI, before and after the codec server is set."""
    if not stage.chromium:
        stage.checks.skipped("key services: the web ui", "there is no Chromium, and none could be installed")
        return
    async with (
        chromium(stage.chromium, stage.folder / "browser-keys") as running,
        WebUi.person(running, stage.temporal.web_ui, stage.folder / "web-ui-keys") as ui,
    ):
        await ui.show(workflow)
        stage.checks.equal("key services: the web ui shows ciphertext", await ui.missing(ENCRYPTED), [])
        stage.unread("key services: the web ui without a codec server", await ui.text())
        await ui.set_codec_server(endpoint)
        await ui.show(workflow)
        stage.checks.equal("key services: the web ui shows the input", await ui.missing(f'"{said[0]}"'), [])
        await ui.picture("under-a-key-service")


async def _sealed_twice(bench: Bench, services: Services, ledger: WorkflowHandle[Any, list[str]]) -> None:
    """Temporal Proxy seals what we encrypted: workers open both layers, and so does `tdc history decode`."""
    checks = bench.stage.checks
    for name in bench.workers:
        word, signalled = bench.stage.secret("twice"), bench.stage.secret("twice")
        handle = await bench.clients["proxy"].start_workflow(
            "Sites", args=[word, ""], id=f"keys-twice-{name}", task_queue=_queue(name), result_type=list[str]
        )
        await handle.signal("say", signalled)
        await handle.signal("step", "close")
        checks.equal(f"key services: {name} reads what is sealed twice", await handle.result(), [word, signalled])
        stored = list(history.payloads(await bench.stage.histories(handle.id)))
        ids = [history.key_id(payload) for payload in stored]
        checks.that(f"key services: {handle.id}: inputs and signals are sealed twice", ids.count(PROXY) == 4, ids)

    exported = {"events": await bench.stage.temporal.history(ledger.id)}
    twice = copy.deepcopy(exported)
    proxy = Proxy(services.programs.gocloud, PROXY, environment(), bench.reader.payload_codec)
    reseal(twice, proxy.seal)
    outermost = {history.key_id(payload) for payload in history.payloads(twice)}
    checks.equal("key services: a proxy sealed the whole history", outermost, {PROXY})
    bench.stage.unread("key services: the history that is sealed twice", twice)
    command: list[str | Path] = [bench.stage.tdc.binary, "history", "decode", "--config", bench.config]
    once, both = [json.loads(await run(command, json.dumps(one).encode())) for one in (exported, twice)]
    checks.that("key services: tdc history decode opens both layers", once == both and once != exported, both)
    file = bench.stage.folder / "keys-ledger-twice.json"
    file.write_text(json.dumps(twice))
    answer = json.loads(await run([*bench.stage.tool("go", "replay"), bench.config, file]))
    checks.equal("key services: Go's replayer replays it with the workers' file", answer, {file.name: ""})
