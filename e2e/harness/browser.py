"""Chromium without a window, and the Web UI in it, used as a person uses it."""

import base64
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, Request, async_playwright
from playwright.async_api import TimeoutError as NotSeen

from harness import processes
from harness.processes import environment

# What a person would see of a payload that is still encrypted: its encoding, in base64.
ENCRYPTED = "YmluYXJ5L2VuY3J5cHRlZA=="

# Milliseconds, as Playwright counts.
PATIENCE = 1000 * processes.PATIENCE

_SIDE_BY_SIDE = """
body { margin: 8px; display: flex; gap: 8px; font: 18px sans-serif }
figure { margin: 0; flex: 1 }
figcaption { padding: 4px 8px }
img { width: 100%; border: 1px solid #ccc }
"""

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextlib.asynccontextmanager
async def chromium(binary: Path, home: Path) -> AsyncIterator[Browser]:
    """The browser, ended when the block is left; what it writes of its own accord goes to `home`."""
    home.mkdir(exist_ok=True)
    env: dict[str, str | float | bool] = {**environment(HOME=str(home))}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=binary, args=_ARGUMENTS, env=env, timeout=PATIENCE)
        try:
            yield browser
        finally:
            await browser.close()


class WebUi:
    """One person's browser at the Web UI: it shares nothing with another person's."""

    def __init__(self, page: Page, url: str, shots: Path) -> None:
        self.page = page
        self._import_url = f"{url}/import/events"
        self._url = f"{url}/namespaces/default/workflows"
        self._shots = shots
        self.tokens: list[str] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def person(cls, browser: Browser, url: str, shots: Path) -> AsyncIterator["WebUi"]:
        """A fresh profile. The authority of the test's certificate is not the machine's."""
        context = await browser.new_context(
            viewport={"width": 1280, "height": 900}, ignore_https_errors=True, locale="en-US", timezone_id="UTC"
        )
        context.set_default_timeout(PATIENCE)
        ui = cls(await context.new_page(), url, shots)
        try:
            yield ui
        except Exception:
            await ui.picture("where-it-failed")
            raise
        finally:
            await context.close()

    async def workflows(self) -> None:
        """Goes to the list of workflows."""
        await self.page.goto(self._url)

    async def show(self, workflow: str) -> None:
        """Opens a workflow's page."""
        await self.page.goto(f"{self._url}/{workflow}")

    async def tab(self, name: str) -> None:
        """Chooses one of a workflow's tabs."""
        await self.page.get_by_role("tab", name=name).click()

    async def expand(self, event: str) -> None:
        """Expands the first event of this kind in the history."""
        await self.page.get_by_role("row").filter(has_text=event).first.click()

    async def expand_all(self, event: str) -> None:
        """Expands every event of this kind in the history, the last one first, since each moves those below it."""
        rows = self.page.get_by_role("row").filter(has_text=event)
        await rows.first.wait_for()
        for row in reversed(await rows.all()):
            await row.click()

    async def missing(self, *phrases: str, patience: float = PATIENCE) -> list[str]:
        """Waits until the page shows all of these, and returns those that do not come."""
        script = "phrases => phrases.every(phrase => document.body.textContent.includes(phrase))"
        with contextlib.suppress(NotSeen):
            await self.page.wait_for_function(script, arg=list(phrases), timeout=patience)
        text = await self.text()
        return [phrase for phrase in phrases if phrase not in text]

    async def gone(self, phrase: str) -> bool:
        """Whether this comes to be nowhere on the page."""
        script = "phrase => !document.body.textContent.includes(phrase)"
        try:
            await self.page.wait_for_function(script, arg=phrase)
        except NotSeen:
            return False
        return True

    async def text(self) -> str:
        """All text of the page."""
        return await self.page.locator("body").text_content() or ""

    async def picture(self, name: str) -> None:
        """Keeps what the person sees now."""
        self._shots.mkdir(exist_ok=True)
        await self.page.screenshot(path=self._shot(name))

    async def before_and_after(self, before: str, after: str, name: str) -> None:
        """Puts two pictures side by side in one, for people who have not seen it."""
        shown = "".join(
            f"<figure><figcaption>{caption}</figcaption>"
            f"<img src='data:image/png;base64,{base64.b64encode(self._shot(shot).read_bytes()).decode()}'></figure>"
            for shot, caption in (
                (before, "The Web UI without the codec server"),
                (after, "The same page with tdc serve"),
            )
        )
        page = await self.page.context.new_page()
        await page.set_viewport_size({"width": 1440, "height": 560})
        await page.set_content(f"<style>{_SIDE_BY_SIDE}</style><body>{shown}</body>", wait_until="load")
        await page.screenshot(path=self._shot(name))
        await page.close()

    def _shot(self, name: str) -> Path:
        return self._shots / f"{name}.png"

    async def download(self, form: str, target: Path) -> None:
        """Downloads the history that is shown: "encoded" or "decoded"."""
        page = self.page
        await page.get_by_role("button", name="Download").first.click()
        dialog = page.locator("dialog[open]")
        await dialog.get_by_test_id(f"use-{form}-setting-input").click()
        async with page.expect_download() as download:
            await dialog.get_by_test_id("confirm-modal-button").click()
        await (await download.value).save_as(target)

    async def import_history(self, file: Path) -> None:
        """Opens a history from a file, which the server need not know."""
        page = self.page
        await page.goto(self._import_url)
        await page.get_by_test_id("import-event-history").wait_for()
        await page.locator("#import-event-history-file-upload").set_input_files(file)
        await page.get_by_role("button", name="Import", exact=True).click()
        await page.wait_for_url(f"{self._import_url}/*/workflow/run/history/*")

    async def download_external(self, size: str, target: Path) -> None:
        """Downloads the first external payload of this size: its button has no other name."""
        async with self.page.expect_download() as download:
            await self.external(size).click()
        await (await download.value).save_as(target)

    def external(self, size: str) -> Locator:
        """The button of the first external payload of this size."""
        return self.page.get_by_role("button", name=size, exact=True).first

    async def set_codec_server(self, endpoint: str) -> None:
        """Sets the endpoint in the settings behind the glasses."""
        page = self.page
        await page.get_by_test_id(re.compile("^data-encoder-status")).first.click()
        # The later Web UI has a dialog, and the older one a panel with an accordion.
        later = page.locator("dialog[open]").get_by_test_id("confirm-modal-button")
        apply = page.get_by_test_id("confirm-data-encoder-button").or_(later)
        await apply.wait_for()
        accordion = page.get_by_test_id("override-accordion").get_by_role("button").first
        folded = await accordion.count() > 0
        if folded:
            await accordion.click()
        await page.get_by_test_id("use-local-endpoint-input").click()
        if folded:
            # While it is open, the page below covers the button that applies.
            await accordion.click()
        await page.locator("#data-encoder-endpoint-input").fill(endpoint)
        await self.picture("codec-server-settings")
        await apply.click()

    async def asked(self, url: str, token: str = "") -> str:
        """Status and text of a request that the page itself makes, if the browser lets it have them."""
        script = """async ([url, token]) => {
            const headers = { "Content-Type": "application/json", "X-Namespace": "default" };
            if (token) headers.Authorization = `Bearer ${token}`;
            const answer = await fetch(url, { method: "POST", headers, body: '{"payloads":[]}' });
            return `${answer.status} ${await answer.text()}`;
        }"""
        said: str = await self.page.evaluate(script, [url, token])
        return said

    def watch(self, url: str) -> None:
        """Keeps the access tokens that go to this place."""

        def note(request: Request) -> None:
            bearer = request.headers.get("authorization", "")
            if request.url.startswith(url) and bearer.startswith("Bearer "):
                self.tokens.append(bearer.removeprefix("Bearer "))

        self.page.on("request", note)

    async def log_in(self, name: str, password: str) -> None:
        """Logs in at the identity provider, from the Web UI's own page."""
        page = self.page
        await self.workflows()
        await page.get_by_role("button", name="Continue to SSO").click()
        await page.locator("#username").fill(name)
        await page.locator("#password").fill(password)
        await page.locator("#kc-login").click()
        await page.wait_for_url(f"{self._url}*")

    async def glasses(self, status: str) -> bool:
        """Whether the glasses at the top come to say this: "success" or "error"."""
        try:
            await self.page.get_by_test_id(f"data-encoder-status-{status}").first.wait_for()
        except NotSeen:
            return False
        return True

    async def start(self, workflow: str, kind: str, queue: str, data: str) -> None:
        """Starts a workflow from the form."""
        page = self.page
        await self.workflows()
        await page.get_by_text("Start Workflow", exact=True).first.click()
        for field, value in (("workflowId", workflow), ("taskQueue", queue), ("workflowType", kind)):
            await page.locator(f"#{field}").fill(value)
        await page.locator(".cm-content[contenteditable=true]").first.fill(data)
        await self.picture("start-workflow")
        await page.get_by_role("button", name="Start Workflow").last.click()

    async def signal(self, name: str, data: str) -> None:
        """Sends a signal to the workflow that is shown."""
        page = self.page
        await page.get_by_role("button", name="More Actions").click()
        await page.get_by_role("menuitem", name="Send a Signal").click()
        dialog = page.locator("dialog[open]")
        await dialog.get_by_test_id("signal-select-button").click()
        await dialog.get_by_role("option", name=name, exact=True).click()
        await dialog.locator(".cm-content[contenteditable=true]").fill(data)
        await self.picture("send-signal")
        await dialog.get_by_test_id("confirm-modal-button").click()

    async def cancel(self) -> None:
        """Asks for the cancellation of the workflow that is shown."""
        await self.page.get_by_role("button", name="Request Cancellation").click()
        await self.page.locator("dialog[open]").get_by_test_id("confirm-modal-button").click()
