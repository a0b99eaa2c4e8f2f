"""Histories of the real server, decoded by `tdc history decode`, are accepted by each SDK's own replayer.

With the default data converter, in every form that a history comes in; the encoded ones with tdc's, and not without it.
"""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from temporalio.api.export.v1 import WorkflowExecutions

from harness import history
from harness.commands import run
from harness.stage import Stage
from scenarios.parcel import CHILD, PARENT


async def replays(stage: Stage) -> None:
    """Runs a workflow in each language, and replays it and those of other scenarios."""
    others = {"go": ["order-north", PARENT], "python": [CHILD]}
    for name in stage.workers:
        echo = await _echo(stage, name)
        await _replay(stage, name, [echo, *others.get(name, [])])


async def _echo(stage: Stage, name: str) -> str:
    handle = await stage.client.start_workflow(
        "Echo", stage.secret("opening"), id=f"replay-{name}", task_queue=name, result_type=list[str]
    )
    for word in (stage.secret("word"), "close"):
        await handle.signal("say", word)
    await handle.result()
    return handle.id


async def _replay(stage: Stage, name: str, workflows: list[str]) -> None:
    encoded, decoded = (stage.folder / "replay" / name / state for state in ("encoded", "decoded"))
    for folder in (encoded, decoded):
        folder.mkdir(parents=True)
    files = [file for workflow in workflows for file in await _save(stage, workflow, encoded)]
    for file in files:
        decode = (stage.tdc.binary, "history", "decode", "--config", stage.config.path, encoded / file)
        (decoded / file).write_bytes(await run(decode))
    split = [await _split(stage, encoded / file, decoded) for file in files if file.endswith(".export.pb")]
    _compare(stage, name, decoded, [*files, *split])
    kinds = f"{len(split)} histories in 4 forms"
    for title, folder, replayed, config, accepted in (
        (f"replay in {name}: {kinds}, decoded, with the default data converter", decoded, files, "-", True),
        (f"replay in {name}: the same from exports by --split", decoded, split, "-", True),
        (f"replay in {name}: {kinds}, encoded, with tdc's data converter", encoded, files, stage.config.path, True),
        (f"replay in {name}: {kinds}, encoded, is refused with the default one", encoded, files, "-", False),
    ):
        command = (*stage.tool(name, "replay"), config, *(folder / file for file in replayed))
        answers = json.loads((await run(command)).splitlines()[-1])
        other = {file: said for file, said in answers.items() if (said == "") != accepted}
        stage.checks.that(title, len(answers) == len(replayed) > 0 and not other, other or answers)


async def _save(stage: Stage, workflow: str, folder: Path) -> list[str]:
    """Writes the histories of all runs in all forms; returns the names of the files."""
    files = []
    for number, (run_id, events) in enumerate((await stage.temporal.runs(workflow)).items()):
        # The command line as people type it.
        show = ("workflow", "show", "-w", workflow, "-r", run_id, "--address", stage.temporal.address)
        forms = {"show.json": await run((stage.temporal.binary, *show, "--output", "json"))}
        # The Web UI's download: stringifyWithBigInt({ events }, undefined, 2).
        forms["ui.json"] = json.dumps({"events": events}, indent=2, ensure_ascii=False).encode()
        export = WorkflowExecutions()
        json_format.ParseDict({"events": events}, export.items.add().history)
        forms["export.json"] = json_format.MessageToJson(export).encode()
        forms["export.pb"] = export.SerializeToString()
        for form, contents in forms.items():
            file = f"{workflow}-{number}.{form}"
            await asyncio.to_thread((folder / file).write_bytes, contents)
            files.append(file)
    return files


async def _split(stage: Stage, export: Path, folder: Path) -> str:
    """Decodes an export of one history by --split; returns the name of the only file, which it moves to the others."""
    runs = folder.parent / "split"
    split = (stage.tdc.binary, "history", "decode", "--split", "--config", stage.config.path, "--output", runs)
    await run((*split, export))
    [only] = (runs / export.name).iterdir()
    file = f"{export.name.removesuffix('.export.pb')}.split.json"
    await asyncio.to_thread(only.rename, folder / file)
    return file


def _compare(stage: Stage, name: str, folder: Path, files: list[str]) -> None:
    """Every form must have become the same events, with nothing encoded in them."""
    events: dict[str, list[Any]] = {}
    for file in files:
        workflow = file.split(".", 1)[0]
        events.setdefault(workflow, []).append(_events(folder / file))
    others = [workflow for workflow, forms in events.items() if any(form != forms[0] for form in forms[1:])]
    stage.checks.equal(f"replay in {name}: every form becomes the same events", others, [])
    left = list(_encoded(events))
    stage.checks.equal(f"replay in {name}: nothing is left encoded", left, [])
    texts = " ".join(history.data(payload).decode() for payload in history.payloads(events))
    stage.checks.that(f"replay in {name}: the secrets are there", stage.markers[-2] in texts, texts)


def _events(file: Path) -> Any:
    export = WorkflowExecutions()
    if file.suffix == ".pb":
        export.ParseFromString(file.read_bytes())
    elif ".export." in file.name:
        json_format.Parse(file.read_text(), export)
    else:
        json_format.ParseDict(json.loads(file.read_text()), export.items.add().history)
    return json_format.MessageToDict(export)["items"][0]["history"]["events"]


def _encoded(events: Any) -> Iterable[Any]:
    yield from (payload for payload in history.payloads(events) if history.encoding(payload).startswith("binary/e"))
    yield from (failure for failure in history.failures(events) if "encodedAttributes" in failure)
