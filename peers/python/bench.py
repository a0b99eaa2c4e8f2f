"""tdc and its peers, alternating in each of several processes: medians, a table, and lines of JSON.

bench.py [--quick] [--processes N] OUT.jsonl
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random

import temporal_tdc
from temporal_tdc._native_call import is_native
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

import messages
import processes
from messagepack import MessagePackCodec
from sample import SampleCodec
from timing import Run, awaiting, calling, medians
from tuned import TunedCodec

SIZES = (64, 1024, 8 * 1024, 64 * 1024, 1024 * 1024)
BATCHES = (1, 32)
KEY_ID = "bench-key"


async def run(out: Path, seconds: float) -> None:
    """Measure every case."""
    key = os.urandom(32)
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        temporal_tdc.parse(encrypting(key)) as encrypt,
        temporal_tdc.parse(encrypting(key, envelope=True)) as envelope,
        temporal_tdc.parse('{"version": 1, "codecs": ["msgpack"]}') as msgpack,
        temporal_tdc.parse(messages.CONFIG) as values,
        out.open("w") as lines,
    ):
        report = Report(lines.write, seconds)
        ciphers: dict[str, PayloadCodec] = {
            "tdc": encrypt.payload_codec,
            "sample": SampleCodec(KEY_ID, key),
            "tuned": TunedCodec(KEY_ID, key),
        }
        for size in SIZES:
            for batch in BATCHES:
                plain = [payload(os.urandom(size)) for _ in range(batch)]
                await run_codecs(report, "encrypt", ciphers, plain, size)
                # What an envelope costs more, with its data key at hand; each reads its own.
                kinds = {"tdc": envelope.payload_codec, "encrypt": encrypt.payload_codec}
                await run_alike(report, "envelope", kinds, plain, size)
        converting: dict[str, PayloadCodec] = {
            "tdc": msgpack.payload_codec,
            "msgpack": MessagePackCodec(),
        }
        for size in messages.SIZES:
            await run_codecs(report, "msgpack", converting, [payload(orders(size))], size)
        for codec, op, size, calls in messages.contests(values):
            runs = {name: calling(call) for name, call in calls.items()}
            await report.measure(op, codec, size, 1, runs)


class Report:
    """Measures cases and writes them down."""

    def __init__(self, write: Callable[[str], object], seconds: float) -> None:
        """Take where lines go, and the time for a case."""
        self._write = write
        self._seconds = seconds

    async def measure(
        self, op: str, codec: str, size: int, batch: int, runs: Mapping[str, Run]
    ) -> None:
        """Measure one case, of which tdc is the first."""
        found = {
            name: nanos / batch for name, nanos in (await medians(runs, self._seconds)).items()
        }
        tdc = found.pop("tdc")
        for peer, nanos in found.items():
            line = {
                "lang": "python",
                "op": op,
                "codec": codec,
                "size": size,
                "batch": batch,
                "tdc_ns": round(tdc),
                "peer": peer,
                "peer_ns": round(nanos),
                "ratio": round(nanos / tdc, 3),
            }
            self._write(json.dumps(line) + "\n")


async def run_codecs(
    report: Report,
    name: str,
    codecs: Mapping[str, PayloadCodec],
    plain: Sequence[Payload],
    size: int,
) -> None:
    """Measure encode and decode of codecs that read each other's payloads."""
    *_, last = codecs.values()
    encoded = await last.encode(plain)
    for who, codec in codecs.items():
        if (
            await codec.decode(await codec.encode(plain)) != plain
            or await codec.decode(encoded) != plain
        ):
            raise RuntimeError(f"{who} does not decode what it should")
    batch = len(plain)
    encode = {who: awaiting(partial(codec.encode, plain)) for who, codec in codecs.items()}
    decode = {who: awaiting(partial(codec.decode, encoded)) for who, codec in codecs.items()}
    await report.measure("encode", name, size, batch, encode)
    await report.measure("decode", name, size, batch, decode)


async def run_alike(
    report: Report,
    name: str,
    codecs: Mapping[str, PayloadCodec],
    plain: Sequence[Payload],
    size: int,
) -> None:
    """Measure encode and decode of codecs that each read what they wrote."""
    encoded = {who: await codec.encode(plain) for who, codec in codecs.items()}
    encode = {who: awaiting(partial(codec.encode, plain)) for who, codec in codecs.items()}
    decode = {who: awaiting(partial(codec.decode, encoded[who])) for who, codec in codecs.items()}
    await report.measure("encode", name, size, len(plain), encode)
    await report.measure("decode", name, size, len(plain), decode)


def encrypting(key: bytes, *, envelope: bool = False) -> str:
    """Make a config that encrypts with one key, or with data keys that this key wraps."""
    source = {"insecure_inline": base64.b64encode(key).decode(), "envelope": envelope}
    keys = {"primary": KEY_ID, "ring": {KEY_ID: source}}
    return json.dumps({"version": 1, "keys": keys, "codecs": ["encrypt"]})


def payload(data: bytes) -> Payload:
    """Make what the SDK's converter makes."""
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


def orders(size: int) -> bytes:
    """Make a JSON list of at most ``size`` bytes, as a workflow might carry it."""
    random = Random(1)  # noqa: S311
    found: list[dict[str, object]] = []
    while True:
        found.append(
            {
                "orderId": f"{random.getrandbits(32):08x}-{random.getrandbits(16):04x}",
                "customer": {
                    "name": random.choice(("Ada Lovelace", "Grace Hopper", "Alan Turing")),
                    "email": f"customer{random.randrange(1000)}@example.com",
                },
                "items": [
                    {
                        "sku": f"BOOK-{random.randrange(100000):05}",
                        "quantity": random.randrange(1, 10),
                        "price": f"{random.randrange(500)}.{random.randrange(100):02}",
                    }
                ],
                "status": random.choice(("created", "paid", "shipped", "delivered")),
                "createdAt": f"2026-11-{random.randrange(1, 29):02}T12:30:00Z",
            }
        )
        if len(json.dumps(found, separators=(",", ":"))) > size:
            return json.dumps(found[:-1], separators=(",", ":")).encode()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every case in less time")
    parser.add_argument("--processes", type=int, default=5, help="how many, one after the other")
    parser.add_argument("--one", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    out: Path = arguments.out
    if arguments.one is not None:
        asyncio.run(run(out, arguments.one))
        return
    seconds = 0.2 if arguments.quick else 0.8
    lines = processes.run_all(Path(__file__), arguments.processes, seconds)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(json.dumps(line) + "\n" for line in lines))
    route = "the extension module" if is_native() else "ctypes alone"
    print(f"{processes.cpu()}; tdc by {route}; medians of {arguments.processes} processes")
    print(
        f"{'codec':13} {'op':7} {'size':>8} {'batch':>5} {'tdc ns':>10} {'peer':>11} "
        f"{'peer ns':>10} {'ratio':>7} {'(lowest - highest)':>20}"
    )
    for line in lines:
        print(
            "{codec:13} {op:7} {size:8} {batch:5} {tdc_ns:10} {peer:>11} "
            "{peer_ns:10} {ratio:7.2f} {lowest:9.2f} - {highest:<8.2f}".format(**line)
        )


if __name__ == "__main__":
    main()
