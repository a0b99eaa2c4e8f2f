#!/usr/bin/env python3
"""Prints what other programs wrote: `capture_tools.py ROOT > tools.txt`, where ROOT is the repository with its drivers built.

The SDKs' own zlib codecs, GNU gzip and the zstd command. Only needed to add a stream.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from builder.layers import ORDER
from builder.wire import payloads

SDKS = {
    "go": ("peers/go/go.mod", r"go\.temporal\.io/sdk v(\S+)", "sdk-go {} converter.NewZlibCodec"),
    "java": ("bindings/java/pom.xml", r"<temporal\.version>(\S+)</", "sdk-java {} ZlibPayloadCodec"),
}
COMMANDS = {
    "gzip-tool-file": ["gzip", "-6", "-c", "order.pb"],
    "gzip-tool-fast": ["gzip", "-1", "-n", "-c", "order.pb"],
    "gzip-tool-best": ["gzip", "-9", "-n", "-c", "order.pb"],
    "zstd-tool-file": ["zstd", "-q", "-c", "order.pb"],
    "zstd-tool-stream": ["zstd", "-q", "-c", "-"],
    "zstd-tool-no-check": ["zstd", "-q", "--no-check", "-c", "-"],
    "zstd-tool-ultra": ["zstd", "-q", "--ultra", "-22", "-c", "-"],
    "zstd-tool-long": ["zstd", "-q", "--long=27", "-c", "-"],
}


def run(command: list[str], folder: Path) -> bytes:
    """What a command prints, given the order on its standard input."""
    return subprocess.run(command, cwd=folder, input=ORDER, capture_output=True, check=True).stdout  # noqa: S603


def data_of(message: bytes) -> bytes:
    """The data of the one payload in an encoded Payloads: a codec writes it last."""
    marker = b"binary/zlib\x12"
    at = message.index(marker) + len(marker)
    while message[at] & 0x80:
        at += 1
    return message[at + 1 :]


def streams(root: Path, folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """Name, tool and bytes of each stream."""
    (folder / "in.pb").write_bytes(payloads(ORDER))
    (folder / "order.pb").write_bytes(ORDER)
    for language, (file, pattern, tool) in SDKS.items():
        found = re.search(pattern, (root / file).read_text(encoding="utf-8"))
        if found is None:
            raise ValueError(f"{file} does not say which SDK it uses")
        run([str(root / "scripts" / f"driver-{language}"), "--codec", "zlib", "encode", "in.pb", f"{language}.pb"], folder)
        yield f"zlib-sdk-{language}", tool.format(found[1]), data_of((folder / f"{language}.pb").read_bytes())
    for name, command in COMMANDS.items():
        version = run([command[0], "--version"], folder).decode().splitlines()[0]
        yield name, f"{' '.join(command)} ({version.strip('* ')})", run(command, folder)


def main(root: Path) -> None:
    """Prints all of them."""
    with tempfile.TemporaryDirectory() as folder:
        for name, tool, stream in streams(root, Path(folder)):
            print(f"{name} | {tool} | {stream.hex()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
