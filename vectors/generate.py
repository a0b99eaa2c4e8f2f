#!/usr/bin/env python3
"""Writes the vectors: `generate.py [FOLDER]`, by default the folder of this file.

The output is deterministic: the same sources and the same pinned packages give the same files, byte for byte, on every machine.
What an installed zlib would make differently from another version is captured once (see `captured/`) and only checked here.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from builder.vector import Family
from families import ALL, claims

OPERATIONS = {"decode", "encode", "roundtrip", "open", "to_payload", "from_payload"}
#: Over other messages than Payloads.
WHOLE = {"encode_failure", "decode_failure", "decode_history", "provide_descriptor"}
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def check(families: list[Family]) -> None:
    """Refuses names that are taken or oddly spelled, and vectors that say two things at once."""
    seen: set[str] = set()
    for family in families:
        for vector in family.vectors:
            where = f"{family.file}: {vector.name}"
            if not KEBAB.fullmatch(vector.name):
                raise ValueError(f"{where}: names are kebab-case")
            if vector.name in seen:
                raise ValueError(f"{where}: the name is used twice")
            if vector.operation not in OPERATIONS | WHOLE:
                raise ValueError(f"{where}: unknown operation {vector.operation}")
            if (vector.operation == "open") != (vector.input is None):
                raise ValueError(f"{where}: open takes no input, everything else does")
            if ("encodings" in vector.expect) and vector.operation != "roundtrip":
                raise ValueError(f"{where}: encodings belong to a round trip")
            if ("message" in vector.expect) and vector.operation not in WHOLE:
                raise ValueError(f"{where}: a message belongs to {', '.join(sorted(WHOLE))}")
            if not vector.source or not vector.comment:
                raise ValueError(f"{where}: source and comment are not optional")
            seen.add(vector.name)


def check_claims() -> None:
    """The same for claims."""
    names = [vector.name for vector in claims.VECTORS]
    if len(set(names)) != len(names) or not all(map(KEBAB.fullmatch, names)):
        raise ValueError(f"{claims.FILE}: names are kebab-case, and each is used once")


def write(path: Path, comment: str, vectors: list[dict[str, Any]]) -> None:
    """One vector a block, keys in the order of the README."""
    text = json.dumps({"comment": comment, "vectors": vectors}, indent=2, ensure_ascii=True) + "\n"
    path.write_text(text, encoding="ascii", newline="\n")
    print(f"{path.name}: {len(vectors)}")


def main(arguments: list[str]) -> int:
    """Writes every family and says how many vectors there are."""
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    check(ALL)
    check_claims()
    (folder / claims.FILE).parent.mkdir(parents=True, exist_ok=True)
    write(folder / claims.FILE, claims.COMMENT, [vector.to_json() for vector in claims.VECTORS])
    for family in ALL:
        write(folder / family.file, family.comment, [vector.to_json() for vector in family.vectors])
    print(f"vectors: generated {sum(len(family.vectors) for family in ALL)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
