"""People log in to the Web UI with Keycloak, and by their tokens the codec server decides what the page shows."""

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
from playwright.async_api import Browser

from harness.browser import ENCRYPTED, WebUi, chromium
from harness.certificate import make_certificate
from harness.checks import eventually
from harness.codec_server import CodecServer, rules, serve
from harness.keycloak import CLIENT, LIFESPAN, Keycloak
from harness.processes import free_port
from harness.stage import Stage
from harness.tokens import claims, key_id
from harness.web_ui import start_web_ui

_REFUSAL = "You may not read payloads: ask the owner of the namespace"
_WORKFLOW = "confidential"


@dataclass
class _Office:
    """The provider, the codec server and the Web UI, and what there is to see."""

    stage: Stage
    browser: Browser
    keycloak: Keycloak
    codec: CodecServer
    web_ui: str
    password: str
    customer: str

    @contextlib.asynccontextmanager
    async def person(self, name: str) -> AsyncIterator[WebUi]:
        """Somebody with a fresh browser, who logs in and looks at the workflow."""
        async with WebUi.person(self.browser, self.web_ui, self.stage.folder / "web-ui") as ui:
            ui.watch(f"{self.codec.url}/decode")
            await ui.log_in(name, self.password)
            await ui.show(_WORKFLOW)
            yield ui

    async def sees(self, ui: WebUi, title: str) -> None:
        """Checks that the page is decoded."""
        phrases = [f'"{self.customer}"', f'"cannot serve {self.customer}"']
        self.stage.checks.equal(f"identity: {title}: payloads are decoded", await ui.missing(*phrases), [])

    async def answer(self, token: str) -> str:
        """Status and text of a request with this token, from no browser."""
        headers = {"Authorization": f"Bearer {token}", "X-Namespace": "default"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{self.codec.url}/decode", json={"payloads": []}, ssl=False) as answer,
        ):
            return f"{answer.status} {await answer.text()}"


async def identity(stage: Stage) -> None:
    """Three people; then keys rotate, the provider goes away and comes back, and a token expires."""
    if not (stage.chromium and stage.keycloak):
        stage.checks.skipped("identity", "there is no Chromium, or Keycloak could not be fetched")
        return
    home, java = stage.keycloak
    password = stage.secret("password")
    customer = stage.secret("confidential")
    keycloak = Keycloak(stage.processes, home, java, password)
    listen = f"127.0.0.1:{free_port()}"
    web_ui = f"http://{listen}"
    keycloak.prepare(web_ui)
    await keycloak.start()
    make_certificate(stage.folder / "server.crt", stage.folder / "server.key")
    lines = [f"  cors: {{ origins: ['{web_ui}'] }}", "  tls: { cert: server.crt, key: server.key }"]
    codec = await serve(stage, "identity", [*lines, *rules(keycloak.issuer, f"'{keycloak.keys}'")], tls=True)
    login = ("--issuer", keycloak.issuer, "--client", CLIENT, "--secret", password)
    await start_web_ui(stage, "web-ui", listen, "--codec", codec.url, "--refusal", _REFUSAL, *login)
    handle = await stage.client.start_workflow("Ticket", customer, id=_WORKFLOW, task_queue="go")
    await handle.signal("say", "fail")
    await stage.happened(_WORKFLOW, "WORKFLOW_EXECUTION_FAILED")
    async with chromium(stage.chromium, stage.folder / "browser") as running:
        office = _Office(stage, running, keycloak, codec, web_ui, password, customer)
        async with office.person("ada") as ada:
            await _three_people(office, ada)
            await _rotation(office, ada)
            await _absence_and_expiry(office, ada)
            told = [token for token in ada.tokens if token.rpartition(".")[2] in codec.told()]
            stage.checks.equal("identity: no token is in log or audit log of the codec server", told, [])
    stage.unread("identity: log and audit log of the codec server", codec.told())


async def _three_people(office: _Office, ada: WebUi) -> None:
    """One reads, one sees what is stored, one is refused."""
    checks = office.stage.checks
    await office.sees(ada, "ada")
    await ada.picture("ada-reads")
    _heard(office, "ada", 200, "decode")

    async with office.person("ben") as ben:
        checks.equal("identity: ben: payloads are as they are stored", await ben.missing(ENCRYPTED), [])
        checks.that("identity: ben: without an error", await ben.glasses("success"))
        office.stage.unread("identity: ben", await ben.text())
        await ben.picture("ben-sees-them-encoded")
    _heard(office, "ben", 200, "passed_through")

    async with office.person("cem") as cem:
        checks.equal("identity: cem: a message above encoded payloads", await cem.missing(_REFUSAL, ENCRYPTED), [])
        checks.that("identity: cem: the glasses say that something is wrong", await cem.glasses("error"))
        said = await cem.asked(f"{office.codec.url}/decode", cem.tokens[-1])
        refused = said.startswith("403 your access token is valid, but no rule")
        checks.that("identity: cem: the page gets status and sentence", refused, said)
        office.stage.unread("identity: cem", await cem.text())
        await cem.picture("cem-is-refused")
    _heard(office, "cem", 403, "forbidden")


def _heard(office: _Office, name: str, status: int, outcome: str) -> None:
    # A page may still be asking for what is out of sight while the next person comes.
    heard = {
        (line["namespace"], line["status"], line["outcome"], line["issuer"])
        for line in office.codec.heard()
        if line["email"] == f"{name}@e2e.test"
    }
    expected = {("default", status, outcome, office.keycloak.issuer)}
    office.stage.checks.equal(f"identity: {name}: what the audit log has", heard, expected)


async def _rotation(office: _Office, ada: WebUi) -> None:
    """A new key signs: tokens of the new one are believed at once, tokens of the old one still."""
    old = key_id(ada.tokens[-1])
    await office.keycloak.rotate()
    async with office.person("ada") as again:
        if await again.missing(office.customer, patience=20_000):
            # The codec server looks for an unknown key every 5 seconds at most.
            await again.page.reload()
        await office.sees(again, "after a rotation")
        new = key_id(again.tokens[-1])
        office.stage.checks.that("identity: after a rotation: another key has signed", new != old, new)
    await ada.page.reload()
    await office.sees(ada, "after a rotation, with a token of the old key")
    office.stage.checks.equal("identity: after a rotation: it is of the old key", key_id(ada.tokens[-1]), old)
    # The new key may have been met sooner than it might be looked for; nothing else may have gone
    # wrong.
    reasons = {line.get("reason") for line in office.codec.heard() if line["status"] != 200}
    office.stage.checks.that(
        "identity: after a rotation: at most its key was unknown", reasons <= {"unknown key"}, reasons
    )


async def _absence_and_expiry(office: _Office, ada: WebUi) -> None:
    """Who has a token reads on while the provider is away; a token that expired is replaced once it is back."""
    checks = office.stage.checks
    await office.keycloak.set_token_lifespan(20)
    async with office.person("ada") as short:
        await office.sees(short, "with a short token")
        token = short.tokens[-1]
        # A page that asks for a new token while there is nobody to give it would want another
        # login.
        await short.page.goto("about:blank")
        await office.keycloak.stop()
        await ada.page.reload()
        await office.sees(ada, "while the provider is away")
        await office.keycloak.start()
        await office.keycloak.set_token_lifespan(LIFESPAN)
        async with office.person("ben") as ben:
            checks.equal("identity: when the provider is back: ben logs in", await ben.missing(ENCRYPTED), [])

        async def expired() -> str | None:
            said = await office.answer(token)
            return None if said.startswith("200") else said

        said = await eventually("the end of the short token", expired)
        checks.that("identity: the short token is refused when it is old", said.startswith("401 this codec"), said)
        reasons = {line.get("reason") for line in office.codec.heard() if line["status"] == 401}
        checks.equal("identity: the audit log says why", reasons, {"expired token"})
        await short.show(_WORKFLOW)
        await office.sees(short, "with a refreshed token")
        fresh = claims(short.tokens[-1])
        late = fresh["iat"] > claims(token)["exp"] and fresh["exp"] > time.time()
        checks.that("identity: the Web UI has refreshed it by itself", late, fresh)
