"""Writes the vectors as lines, which C reads without a JSON parser.

A line is one vector; its fields are separated by tabs, and whatever could hold a tab is in hex (an absent field is "-"):

    name  operation  namespace  config  input  expectation  value  payload_index

expectation: "payloads" (value: hex of them, or of another message), "error" (value: the code's name), "encodings" (value: hex of each, separated by commas;
"-" where a payload has none; behind a colon the hex of its external_payloads, as fields, where the vector expects some) or "success" (no value).

Usage: vectors_to_lines.py FOLDER > OUT
"""

import json
import sys
from pathlib import Path


def hex_of(text: str | None) -> str:
    """Hex of the text, or the mark for an absent one."""
    return "-" if text is None else text.encode().hex()


def varint(value: int) -> bytes:
    """A varint."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low]) if rest == 0 else bytes([low | 0x80]) + varint(rest)


def external(size: int) -> bytes:
    """One field external_payloads."""
    details = b"\x08" + varint(size) if size else b""
    return b"\x1a" + varint(len(details)) + details


def encodings(expect: dict) -> str:
    """What the outside of encoded payloads shows."""
    names = [hex_of(name) for name in expect["encodings"]]
    if "external_sizes" in expect:
        fields = (b"".join(map(external, sizes)).hex() for sizes in expect["external_sizes"])
        names = [f"{name}:{field}" for name, field in zip(names, fields, strict=True)]
    return ",".join(names)


def line(vector: dict) -> str:
    """One vector as a line."""
    expect = vector["expect"]
    if "payloads" in expect or "message" in expect:
        expectation, value = "payloads", expect["message" if "message" in expect else "payloads"]
    elif "error" in expect:
        expectation, value = "error", expect["error"]
    elif "encodings" in expect:
        expectation, value = "encodings", encodings(expect)
    elif not expect:
        expectation, value = "success", "-"
    else:
        raise ValueError(f"{vector['name']}: this expectation is unknown: {expect}")
    fields = [
        vector["name"],
        vector["operation"],
        hex_of(vector.get("namespace")),
        hex_of(vector["config"]),
        vector.get("input", "-"),
        expectation,
        value,
        str(expect.get("payload_index", -1)),
    ]
    return "\t".join(fields)


def main() -> None:
    """Writes every vector of the folder to standard output."""
    for path in sorted(Path(sys.argv[1]).glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]:
            print(line(vector))


if __name__ == "__main__":
    main()
