"""The benchmark in several processes, one after the other, and the medians of each case.

Fresh memory is a lottery that a process plays once: how its heap happens to lie decides which side
pays page faults, for as long as the process lives. So glibc is told to keep the memory that it has,
as it does in a worker, whose heap is never empty at its end; a case is measured in several
processes, the sides alternate in each, and the median of the ratios is what counts.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

#: What mallopt(3) calls M_TRIM_THRESHOLD and M_MMAP_THRESHOLD, the latter at its largest.
_KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(1 << 30), "MALLOC_MMAP_THRESHOLD_": str(32 << 20)}
_CASE = ("codec", "op", "size", "batch", "peer")


def cpu() -> str:
    """Say which processor this is, and whether AES-GCM can use its widest instructions."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "CPU unknown"
    fields = dict(line.split("\t", 1) for line in text.splitlines() if "\t" in line)
    flags = next((v for k, v in fields.items() if k == "flags"), "").split()
    model = next((v for k, v in fields.items() if k == "model name"), "").strip("\t: ")
    named = [f"{each} {'yes' if each in flags else 'no'}" for each in ("aes", "vaes", "avx512f")]
    return f"{model}, {os.cpu_count()} cores: {', '.join(named)}"


def run_all(script: Path, count: int, seconds: float) -> list[dict[str, Any]]:
    """Run ``script`` in ``count`` fresh processes and give the median of each case."""
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "part.jsonl"
        for number in range(count):
            print(f"process {number + 1} of {count}", file=sys.stderr)
            command = [sys.executable, str(script), "--one", str(seconds), str(out)]
            subprocess.run(command, check=True, env={**os.environ, **_KEEP_MEMORY})  # noqa: S603
            for line in map(json.loads, out.read_text().splitlines()):
                found[tuple(line[name] for name in _CASE)].append(line)
    return [_median(lines) for lines in found.values()]


def _median(lines: list[dict[str, Any]]) -> dict[str, Any]:
    middle: dict[str, Any] = {
        name: statistics.median(line[name] for line in lines)
        for name in ("tdc_ns", "peer_ns", "ratio")
    }
    nanos = {name: round(middle[name]) for name in ("tdc_ns", "peer_ns")}
    ratios = [line["ratio"] for line in lines]
    return {
        **lines[0],
        **nanos,
        "ratio": round(middle["ratio"], 3),
        "lowest": min(ratios),
        "highest": max(ratios),
        "processes": len(lines),
    }
