"""The later Web UI, a program of its own: the dev server's neither refreshes tokens nor downloads external payloads."""

from pathlib import Path

import aiohttp

from harness.checks import eventually
from harness.processes import environment
from harness.stage import Stage


async def start_web_ui(stage: Stage, name: str, listen: str, *options: str) -> str:
    """Starts it at this host and port, and gives its URL."""
    command: list[str | Path] = [stage.web_ui, "--temporal", stage.temporal.address, "--listen", listen, *options]
    await stage.processes.start(name, command, environment())
    url = f"http://{listen}"

    async def serving() -> bool | None:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as answer:
                return True if answer.status == 200 else None
        except (TimeoutError, aiohttp.ClientError):
            return None

    await eventually("the Web UI", serving)
    return url
