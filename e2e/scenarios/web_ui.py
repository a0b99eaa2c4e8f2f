"""The dev server's Web UI with a codec server: a person reads what workers wrote, and sends what workers can read."""

import json

from harness import history
from harness.browser import ENCRYPTED, WebUi, chromium
from harness.codec_server import rules, serve
from harness.commands import run
from harness.stage import Stage
from harness.tokens import ISSUER, Issuer

_SEEN = "order-4711"


async def web_ui(stage: Stage) -> None:
    """`tdc serve --dev` and the Web UI, as on a laptop; then a codec server that wants a token and gets none."""
    if not stage.chromium:
        stage.checks.skipped("web ui", "there is no Chromium, and none could be installed")
        return
    origins = f"  cors: {{ origins: ['{stage.temporal.web_ui}'] }}"
    laptop = await serve(stage, "web-ui-laptop", [origins], "--dev")
    Issuer(stage.folder / "web-ui-jwks.json")
    team = await serve(stage, "web-ui-team", [origins, *rules(ISSUER, "{ file: web-ui-jwks.json }")])
    shots = stage.folder / "web-ui"
    async with (
        chromium(stage.chromium, stage.folder / "browser") as running,
        WebUi.person(running, stage.temporal.web_ui, shots) as ui,
    ):
        customer, agent = stage.secret("seen"), stage.secret("seen-memo")
        await _reads(stage, ui, laptop.url, customer, agent)
        contents = [agent, f"clerk of {customer}", f"{customer} python", f"python refuses {customer}"]
        await _downloads(stage, ui, [*contents, f"cannot serve {customer}", f"file on {customer}"])
        await _acts(stage, ui)
        heard = laptop.heard()
        stage.checks.equal(
            "web ui: the codec server hears the namespace", {line["namespace"] for line in heard}, {"default"}
        )
        stage.checks.equal(
            "web ui: it encodes and decodes, and refuses nothing",
            {(line["operation"], line["status"]) for line in heard},
            {("encode", 200), ("decode", 200)},
        )
        await _refused(stage, ui, team.url)
    stage.unread("web ui: log and audit log of the codec server", laptop.told())


async def _reads(stage: Stage, ui: WebUi, endpoint: str, customer: str, agent: str) -> None:
    """A workflow that failed, before the endpoint is set and after."""
    checks = stage.checks
    handle = await stage.client.start_workflow("Ticket", customer, id=_SEEN, task_queue="go", memo={"agent": agent})
    await handle.signal("say", "fail")
    await stage.happened(handle.id, "WORKFLOW_EXECUTION_FAILED")

    await ui.show(handle.id)
    checks.equal("web ui without a codec server: payloads are encrypted", await ui.missing(ENCRYPTED), [])
    stage.unread("web ui without a codec server", await ui.text())
    await ui.picture("encoded")

    await ui.set_codec_server(endpoint)
    await ui.show(handle.id)
    seen = [f'"{customer}"', f'"cannot serve {customer}"', f'"file on {customer}"']
    checks.equal("web ui: input, failure and its details are decoded", await ui.missing(*seen), [])
    checks.that("web ui: the glasses say that it works", await ui.glasses("success"))
    await ui.picture("decoded")
    await ui.before_and_after("encoded", "decoded", "before-and-after")
    checks.that("web ui: nothing on the page is encrypted", await ui.gone(ENCRYPTED), "it is there")
    await ui.expand("Activity Task Completed")
    checks.equal("web ui: the result of an activity is decoded", await ui.missing(f'"{customer} python"'), [])
    await ui.expand("Activity Task Failed")
    failure = [f"python refuses {customer}", f"python record of {customer}"]
    checks.equal("web ui: the failure of an activity is decoded", await ui.missing(*failure), [])
    await ui.picture("activity-failure")
    await ui.tab("Memo")
    checks.equal("web ui: the memo is decoded", await ui.missing(f'"{agent}"', f'"clerk of {customer}"'), [])
    await ui.picture("memo")


async def _downloads(stage: Stage, ui: WebUi, contents: list[str]) -> None:
    """The history as the page saves it: as it is stored, for `tdc history decode`, and decoded by the codec server."""
    checks = stage.checks
    await ui.show(_SEEN)
    stored, decoded = (stage.folder / f"{_SEEN}-{form}.json" for form in ("encoded", "decoded"))
    await ui.download("encoded", stored)
    events = json.loads(stored.read_bytes())
    stage.unread("web ui: the encoded download", events)
    opened = json.loads(await run((stage.tdc.binary, "history", "decode", "--config", stage.config.path, stored)))
    await ui.download("decoded", decoded)
    for title, document in {
        "tdc history decode of the encoded download": opened,
        "the decoded download": json.loads(decoded.read_bytes()),
    }.items():
        left = [payload for payload in history.payloads(document) if history.encoding(payload) == "binary/encrypted"]
        checks.equal(f"web ui: {title}: nothing is left encrypted", left, [])
        checks.equal(f"web ui: {title}: it has all there is", history.leaks_in(document, contents), sorted(contents))


async def _acts(stage: Stage, ui: WebUi) -> None:
    """A workflow that is started, signalled and cancelled by hand."""
    checks = stage.checks
    customer, word = stage.secret("typed"), stage.secret("typed-word")
    await ui.start("by-hand", "Ticket", "go", json.dumps(customer))
    await stage.found('WorkflowId = "by-hand"')
    await stage.happened("by-hand", "ACTIVITY_TASK_FAILED")
    await ui.show("by-hand")
    checks.equal("web ui: the workflow that it started shows its input", await ui.missing(f'"{customer}"'), [])
    await ui.signal("say", json.dumps(word))
    await stage.happened("by-hand", "WORKFLOW_EXECUTION_SIGNALED")
    await ui.cancel()
    await stage.happened("by-hand", "WORKFLOW_EXECUTION_CANCELED")
    await ui.show("by-hand")
    checks.equal("web ui: the details of the cancellation are decoded", await ui.missing(f"farewell to {customer}"), [])
    await ui.picture("cancelled")
    decoded = await stage.closed("web ui: history of what it started", await stage.histories("by-hand"))
    # The worker's own words show that it has read the input that was typed.
    expected = [json.dumps(customer), json.dumps(word), f"{customer} python", f"farewell to {customer}"]
    absent = [text for text in expected if text not in decoded]
    checks.equal("web ui: input and signal are in it once decoded, and the worker has read them", absent, [])


async def _refused(stage: Stage, ui: WebUi, endpoint: str) -> None:
    """The answer to a request without a token, as the person and the page get it."""
    checks = stage.checks
    await ui.set_codec_server(endpoint)
    await ui.show(_SEEN)
    checks.that("web ui without a token: the glasses say that something is wrong", await ui.glasses("error"))
    shown = ["Codec Server could not connect", ENCRYPTED]
    checks.equal("web ui without a token: an error above payloads that are encrypted", await ui.missing(*shown), [])
    stage.unread("web ui without a token", await ui.text())
    # Without CORS headers on errors the browser would keep status and sentence from the page.
    said = await ui.asked(f"{endpoint}/decode")
    checks.that(
        "web ui without a token: the page gets status and sentence", said.startswith("401 this codec server"), said
    )
    await ui.picture("refused")
