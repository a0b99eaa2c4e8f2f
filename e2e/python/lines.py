"""The lines that workers exchange with the test."""

import asyncio
import sys
from collections.abc import Callable, Mapping


def say(what: str) -> None:
    """Says one line by one write: its threads say lines at the same time, and print writes a line's end apart."""
    sys.stdout.write(f"e2e: {what}\n")
    sys.stdout.flush()


async def obey(commands: Mapping[str, tuple[str, Callable[[], None]]]) -> None:
    """Says that it is ready, and does what standard input tells until that ends; each command has its answer."""
    say("ready")
    loop = asyncio.get_running_loop()
    while command := await loop.run_in_executor(None, sys.stdin.readline):
        answer, act = commands[command.strip()]
        act()
        say(answer)
