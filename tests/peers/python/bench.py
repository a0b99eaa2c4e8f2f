"""tdc and its peers, alternating in one run: medians, a table, and a line of JSON for each case.

bench.py [--quick] OUT.jsonl
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import json
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import temporal_tdc
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from sample import SampleCodec
from tuned import TunedCodec

SIZES = (64, 1024, 8 * 1024, 64 * 1024, 1024 * 1024)
BATCHES = (1, 32)
KEY_ID = "bench-key"

Call: TypeAlias = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


async def time_call(call: Call, payloads: Sequence[Payload], repeat: int) -> float:
    """Give the nanoseconds for one payload."""
    begin = time.perf_counter_ns()
    for _ in range(repeat):
        await call(payloads)
    return (time.perf_counter_ns() - begin) / repeat / len(payloads)


async def measure(
    calls: Mapping[str, tuple[Call, Sequence[Payload]]], seconds: float
) -> dict[str, float]:
    """Run the calls in turns for about ``seconds`` altogether and give each one's median."""
    slowest = 1.0
    for call, payloads in calls.values():
        await time_call(call, payloads, 3)
        slowest = max(slowest, await time_call(call, payloads, 3) * len(payloads))
    rounds = 15
    repeat = max(1, int(seconds * 1e9 / (rounds * len(calls) * slowest)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    gc.collect()
    for _ in range(rounds):
        for name, (call, payloads) in calls.items():
            times[name].append(await time_call(call, payloads, repeat))
    return {name: statistics.median(values) for name, values in times.items()}


async def run(out: Path, seconds: float) -> None:
    """Measure every case."""
    key = os.urandom(32)
    document = {
        "version": 1,
        "keys": {
            "primary": KEY_ID,
            "ring": {KEY_ID: {"insecure_inline": base64.b64encode(key).decode()}},
        },
        "codecs": ["encrypt"],
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    print(
        f"{'op':7} {'size':>8} {'batch':>5} {'tdc ns':>10} {'peer':>7} {'peer ns':>10} {'ratio':>6}"
    )
    with temporal_tdc.parse(json.dumps(document)) as tdc, out.open("w") as lines:
        codecs: dict[str, PayloadCodec] = {
            "tdc": tdc.payload_codec,
            "sample": SampleCodec(KEY_ID, key),
            "tuned": TunedCodec(KEY_ID, key),
        }
        for size in SIZES:
            for batch in BATCHES:
                await run_size(codecs, size, batch, seconds, lines.write)


async def run_size(
    codecs: dict[str, PayloadCodec],
    size: int,
    batch: int,
    seconds: float,
    write: Callable[[str], object],
) -> None:
    """Measure encode and decode of one size and batch."""
    plain = [
        Payload(metadata={"encoding": b"json/plain"}, data=os.urandom(size)) for _ in range(batch)
    ]
    encoded = await codecs["sample"].encode(plain)
    for name, codec in codecs.items():
        if (
            await codec.decode(await codec.encode(plain)) != plain
            or await codec.decode(encoded) != plain
        ):
            raise RuntimeError(f"{name} does not decode what it should")
    encode = {name: (codec.encode, plain) for name, codec in codecs.items()}
    decode = {name: (codec.decode, encoded) for name, codec in codecs.items()}
    for op, calls in (("encode", encode), ("decode", decode)):
        medians = await measure(calls, seconds)
        for peer in ("sample", "tuned"):
            ratio = medians[peer] / medians["tdc"]
            line = {
                "lang": "python",
                "op": op,
                "codec": "encrypt",
                "size": size,
                "batch": batch,
                "tdc_ns": round(medians["tdc"]),
                "peer": peer,
                "peer_ns": round(medians[peer]),
                "ratio": round(ratio, 3),
            }
            write(json.dumps(line) + "\n")
            print(
                f"{op:7} {size:8} {batch:5} {medians['tdc']:10.0f} {peer:>7} "
                f"{medians[peer]:10.0f} {ratio:6.2f}"
            )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every case in less time")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.out, 0.6 if arguments.quick else 3.0))


if __name__ == "__main__":
    main()
