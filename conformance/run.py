#!/usr/bin/env python3
"""The conformance suite.

Vectors through the C ABI, the wire walk against official parsers, decompressors against reference implementations, the visitor of messages
against those of the SDKs, and the matrix of writers and readers.

usage: run.py ROOT WORK     ROOT: the repository; WORK: an empty folder for files
"""

from __future__ import annotations

import sys
from pathlib import Path

import anys
import converters
import matrix
import parity
import payload_json
import streams
import vectors
import walk
import walk_go
from library import Library
from participants import Runner


def main(root: Path, work: Path) -> int:
    """Runs everything; returns the exit status."""
    names = (root / "target" / "release" / f"libtdc.{suffix}" for suffix in ("so", "dylib"))
    library = Library.load(next(path for path in names if path.exists()))
    problems = vectors.run(library, root / "vectors")
    with library.parse(walk.CONFIG) as converter:
        differing, messages = walk.run(converter)
        problems += differing
        problems += walk_go.run(converter, root, work, messages)
    with library.parse(streams.CONFIG) as converter:
        problems += streams.run(converter)
    runner = Runner(root, work)
    problems += parity.run(runner, library, Path(__file__).with_name("parity.toml"))
    problems += anys.run(runner, library)
    problems += payload_json.run(runner, library)
    problems += converters.run(runner, library)
    problems += matrix.run(runner)
    print()
    for problem in problems:
        print(f"conformance: {problem}", file=sys.stderr)
    print(f"conformance: {f'{len(problems)} problems' if problems else 'everything agrees'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
