"""An export, decoded and split: the Web UI imports each run and shows it, without a codec server.

The test makes the export itself, in the form and at the path of Temporal Cloud: none of its own was at hand.
"""

import json
import stat
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from temporalio.api.export.v1 import WorkflowExecutions

from harness import history
from harness.browser import ENCRYPTED, WebUi, chromium
from harness.commands import run
from harness.processes import free_port
from harness.stage import Stage
from harness.web_ui import start_web_ui

_WORKFLOW = "split"
#: Where Temporal Cloud puts what it exports of the namespace `default`.
_PLACE = Path("temporal-workflow-history/export/default/2026/11/30/12/00/export.pb")


async def split_export(stage: Stage) -> None:
    """Exports two runs of one workflow id, the second of which fails, and splits and imports them."""
    runs: dict[str, list[str]] = {}
    export = WorkflowExecutions()
    for how in ("close", "fail"):
        run_id, contents = await _ticket(stage, how)
        runs[run_id] = contents
        events = {"events": await stage.temporal.history(_WORKFLOW, run_id)}
        json_format.ParseDict(events, export.items.add().history)
    exported, decoded = stage.folder / "split-exported", stage.folder / "split-decoded"
    file = exported / _PLACE
    file.parent.mkdir(parents=True)
    file.write_bytes(export.SerializeToString())
    stored = history.leaks(file.read_bytes(), stage.markers)
    stage.checks.equal("split export: no plaintext in the export", stored, [])

    options: list[str | Path] = ["--config", stage.config.path, "--namespace-from-path", "--output", decoded]
    await run([stage.tdc.binary, "history", "decode", *options, "--split", exported])
    files = {path.name: path for path in (decoded / _PLACE).iterdir()}
    stage.checks.equal("split export: a file for each run", set(files), {f"{run_id}-0.json" for run_id in runs})
    modes = {oct(stat.S_IMODE(path.stat().st_mode)) for path in files.values()}
    stage.checks.equal("split export: only the owner can read them", modes, {"0o600"})
    await _imported(stage, {files[f"{run_id}-0.json"]: contents for run_id, contents in runs.items()})


async def _ticket(stage: Stage, how: str) -> tuple[str, list[str]]:
    """Runs a workflow to its end; the run's id, and what a person reads of it once it is decoded."""
    customer, word = stage.secret("split"), stage.secret("split-word")
    handle = await stage.client.start_workflow("Ticket", customer, id=_WORKFLOW, task_queue="go")
    for said in (word, how):
        await handle.signal("say", said)
    contents = [f'"{customer}"', f'"{word}"', f'"{customer} python"', f"python refuses {customer}"]
    if how == "fail":
        await stage.happened(handle.id, "WORKFLOW_EXECUTION_FAILED")
        contents.append(f"cannot serve {customer}")
    else:
        await handle.result()
    assert handle.result_run_id
    return handle.result_run_id, contents


async def _imported(stage: Stage, files: dict[Path, list[str]]) -> None:
    """A person opens each file in the Web UI, and one that is not decoded."""
    checks = stage.checks
    if not stage.chromium:
        checks.skipped("split export: the web ui", "there is no Chromium, and none could be installed")
        return
    web_ui = await start_web_ui(stage, "split-web-ui", f"127.0.0.1:{free_port()}")
    encoded = stage.folder / "split-encoded.json"
    events: list[dict[str, Any]] = await stage.temporal.history(_WORKFLOW)
    encoded.write_text(json.dumps({"events": events}))
    async with (
        chromium(stage.chromium, stage.folder / "browser-split") as running,
        WebUi.person(running, web_ui, stage.folder / "web-ui") as ui,
    ):
        # As wide as the page's table.
        await ui.page.set_viewport_size({"width": 1600, "height": 900})
        for number, (file, contents) in enumerate(files.items()):
            await ui.import_history(file)
            title = f"split export: the web ui imports {file.name}"
            await ui.missing(contents[-1])
            await ui.picture(f"imported-{number}")
            await _expand(ui)
            checks.equal(f"{title}: inputs, signals, results and failures", await ui.missing(*contents), [])
            checks.that(f"{title}: nothing on the page is encrypted", ENCRYPTED not in await ui.text())
        await ui.import_history(encoded)
        await _expand(ui)
        title = "split export: the web ui imports what is not decoded"
        checks.equal(f"{title}: it is encrypted", await ui.missing(ENCRYPTED), [])
        stage.unread(title, await ui.text())


async def _expand(ui: WebUi) -> None:
    for event in ("Workflow Execution Started", "Workflow Execution Signaled", "Activity Task"):
        await ui.expand_all(event)
