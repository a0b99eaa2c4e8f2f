"""Large payloads leave the event loop to others; quick ones stay in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from support import config, payload, run

from temporal_tdc import Tdc
from temporal_tdc._cost import BUDGET_NS, Cost


def test_a_large_payload_is_worked_on_while_the_event_loop_runs_on(
    make_tdc: Callable[..., Tdc],
) -> None:
    codec = make_tdc(config(codecs=["zlib", "encrypt"])).payload_codec
    plain = [payload(bytes(range(256)) * 60_000)]

    async def count_turns_of_the_loop() -> int:
        turns = 0
        encoding = asyncio.create_task(codec.encode(plain))
        while not encoding.done():
            await asyncio.sleep(0)
            turns += 1
        assert await codec.decode(await encoding) == plain
        return turns

    # Were the call made in the loop, it would be over after two turns.
    assert run(count_turns_of_the_loop()) > 10


@pytest.mark.parametrize(("size", "threads"), [(100, 0), (30_000, 0), (30_000_000, 1)])
@pytest.mark.parametrize("count", [1, 2])
def test_only_large_payloads_go_to_a_thread(
    tdc: Tdc, monkeypatch: pytest.MonkeyPatch, size: int, threads: int, count: int
) -> None:
    handovers: list[object] = []
    to_thread = asyncio.to_thread

    async def noted(work: Callable[..., Any], /, **options: Any) -> Any:
        handovers.append(work)
        return await to_thread(work, **options)

    monkeypatch.setattr(asyncio, "to_thread", noted)
    run(tdc.payload_codec.encode([payload(b"x" * size)] * count))
    assert len(handovers) == threads


def fits(cost: Cost, size: int) -> bool:
    cost.size = size
    return cost.fits_the_loop(1)


def test_the_cost_is_a_careful_guess_first_and_then_what_was_measured() -> None:
    cost = Cost()
    assert fits(cost, 64 * 1024)
    assert not fits(cost, 1024 * 1024)
    for _ in range(3):
        cost.note(1024 * 1024, 1, 300_000)
    assert fits(cost, 4 * 1024 * 1024)
    assert not fits(cost, 64 * 1024 * 1024)
    for _ in range(30):
        cost.note(100_000, 1, 10 * BUDGET_NS)
    assert not fits(cost, 100_000)


def test_one_call_that_was_held_up_does_not_send_the_next_to_a_thread() -> None:
    cost = Cost()
    for _ in range(3):
        cost.note(1024 * 1024, 1, 300_000)
    cost.note(1024 * 1024, 1, 1_000 * BUDGET_NS)
    assert fits(cost, 1024 * 1024)
