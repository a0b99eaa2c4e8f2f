"""Contestants measured alternately, so that what the machine does meanwhile meets all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

Run: TypeAlias = Callable[[int], Awaitable[int]]
"""Makes a call so many times and gives the nanoseconds that took."""

ROUNDS = 15


def calling(call: Callable[[], object]) -> Run:
    """Measure a function."""

    async def run(repeat: int) -> int:
        begin = time.perf_counter_ns()
        for _ in range(repeat):
            call()
        return time.perf_counter_ns() - begin

    return run


def awaiting(call: Callable[[], Awaitable[object]]) -> Run:
    """Measure a coroutine function."""

    async def run(repeat: int) -> int:
        begin = time.perf_counter_ns()
        for _ in range(repeat):
            await call()
        return time.perf_counter_ns() - begin

    return run


async def medians(runs: Mapping[str, Run], seconds: float) -> dict[str, float]:
    """Alternate all for about ``seconds`` altogether and give each one's median.

    Each gets the same time, so a slow one makes fewer calls.
    """
    repeats: dict[str, int] = {}
    for name, run in runs.items():
        await run(3)
        took = max(1.0, await run(3) / 3)
        repeats[name] = max(1, int(seconds * 1e9 / (ROUNDS * len(runs) * took)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    gc.collect()
    for _ in range(ROUNDS):
        for name, run in runs.items():
            times[name].append(await run(repeats[name]) / repeats[name])
    return {name: statistics.median(values) for name, values in times.items()}
