"""External payloads in a real store: the history refers to objects, and tdc puts in their places what they hold.

A worker and a client in Python store by the official S3 driver, wrapped by tdc, what tdc's codecs have encoded. The
Web UI and the command lines read it.
"""

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import RawValue

from harness import history
from harness.browser import WebUi, chromium
from harness.codec_server import CodecServer, ask, serve
from harness.commands import run
from harness.key_services import KeyServices, Proxy
from harness.object_store import S3Store
from harness.processes import environment, free_port
from harness.stage import Stage
from harness.stored import check_history, check_store, claim, large_letter, references
from harness.web_ui import start_web_ui

_WORKFLOW = "archive"
#: The KEK of a proxy that seals after the SDK has stored.
_PROXY = "stored-proxy"
_PROXY_URI = f"hashivault://{_PROXY}"
#: The layers around a reference, with the workflows that have one.
_SEAL, _ENVELOPE = "a seal", "an envelope"
_BELOW = {_SEAL: "archive-below-a-seal", _ENVELOPE: "archive-below-an-envelope"}
#: What the Web UI says when the codec server has no stores.
_WITHOUT_STORES = "isn't configured to download from external storage"


@dataclasses.dataclass
class Archive:
    """The store, what a workflow put into it, and the codec servers that may look."""

    stage: Stage
    store: S3Store
    #: Input and result of the workflow.
    letter: str
    twice: str
    #: What the history has of them.
    references: list[dict[str, Any]]
    #: The history of a workflow whose input is the first reference below a layer, by the layer's name.
    sealed: dict[str, list[dict[str, Any]]]
    #: What `tdc` needs to use the store, and to open the layers.
    env: dict[str, str]
    web_ui: str
    codec: CodecServer
    #: Follows references under codecs' layers too.
    below_seals: CodecServer
    #: Has no stores.
    without_stores: CodecServer

    @property
    def size(self) -> int:
        """The size of the object that the first reference is to, which has the letter."""
        return self.store.payload(claim(self.references[0])["key"]).ByteSize()

    async def tdc(self, *arguments: str, document: Any, config: str = "stored") -> Any:
        """Runs the command line, which reads and writes JSON, with the configuration of a codec server."""
        options: list[str | Path] = ["--config", self.stage.folder / f"{config}.yaml", "--namespace", "default"]
        command: list[str | Path] = [self.stage.tdc.binary, *arguments, *options]
        return json.loads(await run(command, json.dumps(document).encode(), self.env))


async def stored_objects(stage: Stage) -> None:
    """Runs a workflow whose input and results are in the store, and reads them in every way there is."""
    if not stage.object_store:
        stage.checks.skipped("stored objects", "a store, or a Python with the official drivers, could not be had")
        return
    store = await S3Store.start(stage.processes, stage.object_store, stage.folder / "stored")
    letter = large_letter(stage)
    places = (stage.temporal.address, stage.config.path, *store.places, "wrapped")
    command = stage.object_store.archive("run", *places, _WORKFLOW)
    twice = (await run(command, letter.encode(), store.environment())).decode()
    stage.checks.that("stored objects: the workflow completes", twice == letter * 2, twice[:100])
    events = await stage.temporal.history(_WORKFLOW)
    # The inputs of workflow and activity, and both results.
    found = check_history(stage, "stored objects", store, events, 4)
    check_store(stage, "stored objects", store, found)
    seals = Seals(stage, _message(found[0], store.payload(claim(found[0])["key"]).ByteSize()))
    sealed = {_SEAL: await seals.by_tdc()}
    env, services = store.environment(), []
    if stage.key_services:
        env |= await seals.permit(stage.key_services)
        sealed[_ENVELOPE] = await seals.by_temporal_proxy(stage.key_services)
        services.append(_PROXY_URI)
    else:
        stage.checks.skipped("stored objects: below an envelope", "OpenBao could not be had")

    web_ui = await start_web_ui(stage, "stored-web-ui", f"127.0.0.1:{free_port()}")
    cors = f"  cors: {{ origins: ['{web_ui}'] }}"
    servers = [
        await serve(stage, name, [*lines, cors], "--dev", env=env, services=services)
        for name, lines in {
            "stored": [store.configuration()],
            "stored-below-seals": [store.configuration("sealed_after_storing: true")],
            "stored-nowhere": [],
        }.items()
    ]
    archive = Archive(stage, store, letter, twice, found, sealed, env, web_ui, *servers)
    await _by_command_line(archive, events)
    await _by_request(archive)
    await _in_the_browser(archive)
    _told(archive)


def _message(reference: dict[str, Any], size: int) -> Payload:
    """The message of a reference. The JSON of the `temporal` command, which is older, lacks the size."""
    return Payload(
        metadata={name: base64.b64decode(value) for name, value in reference["metadata"].items()},
        data=history.data(reference),
        external_payloads=[Payload.ExternalPayloadDetails(size_bytes=size)],
    )


@dataclasses.dataclass
class Seals:
    """What the server has where a proxy seals a reference that the SDK wrote."""

    stage: Stage
    reference: Payload

    async def by_tdc(self) -> list[dict[str, Any]]:
        """The history of a workflow that a proxy with tdc's codecs started."""
        payload = (await self.stage.codec.payload_codec.encode([self.reference]))[0]
        return await self._started(_BELOW[_SEAL], payload, "key-a")

    async def permit(self, key_services: KeyServices) -> dict[str, str]:
        """What a codec server needs to open what Temporal Proxy sealed: it may decrypt, and nothing else."""
        bao = (await key_services.start()).bao
        await bao.post(f"transit/keys/{_PROXY}")
        await bao.allow(_PROXY, f"decrypt/{_PROXY}")
        return bao.environment(await bao.token(_PROXY))

    async def by_temporal_proxy(self, key_services: KeyServices) -> list[dict[str, Any]]:
        """The history of one that Temporal Proxy started: an envelope around the reference."""
        services = await key_services.start()
        env = environment(**services.bao.environment())
        proxy = Proxy(services.programs.gocloud, _PROXY_URI, env, self.stage.codec.payload_codec)
        (payload,) = proxy.seal([self.reference])
        events = await self._started(_BELOW[_ENVELOPE], payload, _PROXY_URI)
        wrapped = {history.wrapped_key(payload).split(b":")[0] for payload in history.payloads(events)}
        self.stage.checks.equal("stored objects: its data key is wrapped by the key service", wrapped, {b"vault"})
        return events

    async def _started(self, workflow: str, payload: Payload, key: str) -> list[dict[str, Any]]:
        client = await Client.connect(self.stage.temporal.address)
        handle = await client.start_workflow("Unserved", RawValue(payload), id=workflow, task_queue="nobody")
        await handle.terminate()
        events = await self.stage.temporal.history(workflow)
        layers = {(history.encoding(payload), history.key_id(payload)) for payload in history.payloads(events)}
        self.stage.checks.equal(f"stored objects: {workflow}", layers, {("binary/encrypted", key)})
        return events


async def _by_command_line(archive: Archive, events: list[dict[str, Any]]) -> None:
    """`tdc` with and without --storage, and `temporal` with a codec server."""
    stage, checks = archive.stage, archive.stage.checks
    show = ["workflow", "show", "-w", _WORKFLOW, "-n", "default", "--address", stage.temporal.address, "-o", "json"]
    # With payloads in the command's own short form, unless it is told not to.
    for title, options in {"shown": ["--no-json-shorthand-payloads"], "shown in short": []}.items():
        shown = json.loads(await run([stage.temporal.binary, *show, *options]))
        filled = await archive.tdc("history", "decode", "--storage", document=shown)
        checks.equal(f"stored objects, {title}: references after tdc history decode --storage", references(filled), [])
        _full(archive, f"stored objects, {title}: tdc history decode --storage", filled)
        # Nothing comes back: it fails, or it has replayed.
        assert stage.object_store
        await run(stage.object_store.archive("replay", _WORKFLOW), json.dumps(filled).encode())
        checks.that(f"stored objects, {title}: what it gives is replayed without tdc and the store", True)
    document = {"events": events}
    filled = await archive.tdc("decode", "--storage", document=document)
    _full(archive, "stored objects: tdc decode --storage", filled)
    for command in (("decode",), ("history", "decode")):
        kept = await archive.tdc(*command, document=document)
        title = f"stored objects: tdc {' '.join(command)} without --storage leaves references"
        checks.equal(title, references(kept), archive.references)
        stage.unread(title, kept)
    for layer, sealed in archive.sealed.items():
        for config, left in {"stored": 1, "stored-below-seals": 0}.items():
            opened = await archive.tdc("history", "decode", "--storage", document={"events": sealed}, config=config)
            title = f"stored objects: references below {layer} after tdc history decode --storage with {config}.yaml"
            checks.equal(title, len(references(opened)), left)
        checks.equal(f"stored objects: the letter was below {layer}", _values(opened), [archive.letter])
    seen = json.loads(await run([stage.temporal.binary, *show, "--codec-endpoint", archive.codec.url]))
    _full(archive, "stored objects: temporal workflow show with the codec server", seen)


def _full(archive: Archive, title: str, document: Any) -> None:
    text = json.dumps(document)
    values = _values(document)
    # The short form has values in the places of payloads.
    found = [values.count(value) or text.count(f'"{value}"') for value in (archive.letter, archive.twice)]
    archive.stage.checks.equal(f"{title}: plaintext of inputs and results", found, [2, 2])


def _values(document: Any) -> list[Any]:
    """What all payloads of a decoded document say."""
    return [json.loads(history.data(payload)) for payload in history.payloads(document) if history.data(payload)]


async def _by_request(archive: Archive) -> None:
    """What the Web UI asks, by HTTP: also for a reference that was sealed after the SDK had stored."""
    checks = archive.stage.checks
    reference = archive.references[0]
    status, payloads = await ask(archive.codec, "/decode?preserveStorageRefs=true", reference)
    checks.equal("stored objects: /decode keeps the reference", (status, payloads), (200, [reference]))
    for path in ("/download", "/download?preserveStorageRefs=true", "/decode"):
        status, payloads = await ask(archive.codec, path, reference)
        _letter(archive, f"stored objects: {path}", status, payloads)

    for layer, events in archive.sealed.items():
        [sealed, *_] = history.payloads(events)
        status, payloads = await ask(archive.below_seals, "/download", sealed)
        _letter(archive, f"stored objects: /download below {layer}", status, payloads)
        status, said = await ask(archive.codec, "/download", sealed)
        refused = status == 400 and str(said).startswith("TDC_ERR_REFERENCE")
        checks.that(f"stored objects: /download below {layer}, where that is not configured", refused, (status, said))
    status, said = await ask(archive.without_stores, "/download", reference)
    checks.equal("stored objects: /download without stores", status, 404)


def _letter(archive: Archive, title: str, status: int, payloads: Any) -> None:
    """Checks that an answer has the letter and nothing else."""
    data = [json.loads(history.data(payload)) for payload in payloads] if status == 200 else payloads
    archive.stage.checks.that(title, data == [archive.letter], f"{status} {str(data)[:200]}")


async def _in_the_browser(archive: Archive) -> None:
    """A person presses the button of an external payload, with each codec server."""
    stage, checks = archive.stage, archive.stage.checks
    if not stage.chromium:
        checks.skipped("stored objects: the web ui", "there is no Chromium, and none could be installed")
        return
    button = _shown(archive.size)
    async with (
        chromium(stage.chromium, stage.folder / "browser-stored") as running,
        WebUi.person(running, archive.web_ui, stage.folder / "web-ui") as ui,
    ):
        for server, workflow, title in (
            (archive.codec, _WORKFLOW, "stored"),
            *((archive.below_seals, _BELOW[layer], _BELOW[layer]) for layer in archive.sealed),
        ):
            await ui.workflows()
            await ui.set_codec_server(server.url)
            await ui.show(workflow)
            checks.equal(f"stored objects, web ui, {title}: the reference", await ui.missing("aws.s3driver"), [])
            stage.unread(f"stored objects, web ui, {title}: the page", await ui.text())
            target = stage.folder / f"{title}.json"
            await ui.download_external(button, target)
            await ui.picture(title)
            letter = json.loads(target.read_text())
            checks.that(f"stored objects, web ui, {title}: the button gives the letter", letter == archive.letter)
        await ui.workflows()
        await ui.set_codec_server(archive.without_stores.url)
        await ui.show(_WORKFLOW)
        await ui.external(button).click()
        missing = await ui.missing(_WITHOUT_STORES)
        checks.equal("stored objects, web ui: without stores it says so", missing, [])
        await ui.picture("stored-nowhere")


def _shown(size: int) -> str:
    """The size of an external payload as the Web UI writes it."""
    return f"{size / 1024:.2f}".rstrip("0").rstrip(".") + " KB"


def _told(archive: Archive) -> None:
    """Checks the logs of the codec servers."""
    checks = archive.stage.checks
    told = "".join(server.told() for server in (archive.codec, archive.below_seals, archive.without_stores))
    archive.stage.unread("stored objects: logs and audit logs of the codec servers", told)
    around = [(archive.stage.folder / f"{name}.log").read_text() for name in ("server", "versitygw", "stored-web-ui")]
    archive.stage.unread("stored objects: logs of the server, the store and the web ui", around)
    names = {part for one in archive.references for part in (claim(one)["key"], claim(one)["hash_value"])}
    found = [name for name in names if name in told]
    checks.equal("stored objects: no key of an object is in a log", found, [])
    heard = archive.codec.heard()
    fetched = [line for line in heard if line["operation"] == "download" and line["status"] == 200]
    objects = [line["objects"] for line in fetched]
    checks.equal(
        "stored objects: the audit log has what a download fetched",
        objects,
        [{"stores": ["aws.s3driver"], "count": 1, "bytes": archive.size}] * len(objects),
    )
    checks.that("stored objects: it has each download", len(fetched) >= 2, heard)
