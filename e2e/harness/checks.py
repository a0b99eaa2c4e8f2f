"""Checks: each prints a line, and the count decides the exit status."""

import asyncio
import contextlib
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from harness.processes import PATIENCE

T = TypeVar("T")


class Checks:
    """Counts what passed and what failed."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def that(self, name: str, holds: bool, detail: object = "") -> bool:
        """Records one check; `detail` is what a person needs when it does not hold."""
        if holds:
            self.passed += 1
            print(f"ok      {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAILED  {name}: {detail}", flush=True)
        return holds

    def equal(self, name: str, found: object, expected: object) -> bool:
        """Records that two values are the same."""
        return self.that(name, found == expected, f"expected {expected!r}, found {found!r}")

    def skipped(self, name: str, reason: str) -> None:
        """Says what this machine cannot run; it counts as neither."""
        print(f"skipped {name}, because {reason}", flush=True)

    @contextlib.asynccontextmanager
    async def scenario(self, name: str) -> AsyncIterator[None]:
        """Runs a scenario: an exception is one failed check, and the other scenarios go on."""
        started = time.monotonic()
        try:
            yield
        except Exception as error:
            traceback.print_exc()
            self.that(f"{name} runs to its end", False, repr(error))
        print(f"        {name}: {time.monotonic() - started:.0f} s", flush=True)

    async def run(self, scenario: Awaitable[None], name: str) -> None:
        """Runs a scenario that is a coroutine, for those that run side by side."""
        async with self.scenario(name):
            await scenario


async def eventually(what: str, probe: Callable[[], Awaitable[T | None]]) -> T:
    """Asks until there is an answer; this is how the test waits for a state that nothing announces."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = await probe()
        if answer is not None:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not seen within {PATIENCE} s")
        # Most probes start a command: asking more often would keep the server from what is waited
        # for.
        await asyncio.sleep(0.4)
