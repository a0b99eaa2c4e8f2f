"""Large payloads leave the event loop to others; quick ones stay in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from support import config, payload, run

from temporal_tdc import Tdc
from temporal_tdc._codec import Codec


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
    handovers = noted_handovers(monkeypatch)
    run(tdc.payload_codec.encode([payload(b"x" * size)] * count))
    assert len(handovers) == threads


def test_what_the_extension_found_too_long_stays_out_of_the_event_loop(
    tdc: Tdc, monkeypatch: pytest.MonkeyPatch
) -> None:
    class TooLong:
        def run(self, _payloads: object, _context: bytes, release: bool) -> object:  # noqa: FBT001
            return None if release else False

        def close(self) -> None:
            pass

    codec = tdc.payload_codec
    assert isinstance(codec, Codec)
    monkeypatch.setattr(codec._encoding, "native", TooLong())
    handovers = noted_handovers(monkeypatch)
    assert run(codec.decode(run(codec.encode([payload()])))) == [payload()]
    assert len(handovers) == 2


def noted_handovers(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    handovers: list[object] = []
    to_thread = asyncio.to_thread

    async def noted(work: Callable[..., Any], /, **options: Any) -> Any:
        handovers.append(work)
        return await to_thread(work, **options)

    monkeypatch.setattr(asyncio, "to_thread", noted)
    return handovers
