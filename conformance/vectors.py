"""Every vector, through the C ABI."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from library import Library, TdcError
from messages import encoding_of, external_sizes_of, split

if TYPE_CHECKING:
    from pathlib import Path


def run(library: Library, folder: Path) -> list[str]:
    """Runs all of them; returns the failures."""
    problems = []
    count = 0
    for file in sorted(folder.glob("*.json")):
        for vector in json.loads(file.read_text(encoding="utf-8"))["vectors"]:
            count += 1
            answer = _answer(library, vector)
            if answer != vector["expect"]:
                problems.append(f"{file.name}: {vector['name']}: expected {_short(vector['expect'])}, got {_short(answer)}")
    print(f"vectors: C ABI ran {count}")
    return problems


def _answer(library: Library, vector: dict[str, Any]) -> dict[str, Any]:
    """What the library answers, in the form of `expect`."""
    try:
        with library.parse(vector["config"], vector.get("namespace")) as converter:
            if vector["operation"] == "open":
                return {}
            message = bytes.fromhex(vector["input"])
            calls = {
                "decode": converter.decode,
                "to_payload": converter.to_payload,
                "from_payload": converter.from_payload,
            }
            whole = {
                "encode_failure": converter.encode_failure,
                "decode_failure": converter.decode_failure,
                "decode_history": converter.decode_history,
                "provide_descriptor": converter.provide_descriptor,
            }
            if vector["operation"] in whole:
                answer = whole[vector["operation"]](message).hex()
                return {} if vector["operation"] == "provide_descriptor" else {"message": answer}
            if vector["operation"] in calls:
                return {"payloads": calls[vector["operation"]](message).hex()}
            encoded = converter.encode(message)
            if vector["operation"] == "encode":
                return {"payloads": encoded.hex()}
            decoded = converter.decode(encoded)
            if decoded != message:
                return {"payloads": decoded.hex()}
            items = split(encoded)
            said: dict[str, Any] = {"encodings": [encoding_of(item) for item in items]}
            if "external_sizes" in vector["expect"]:
                said["external_sizes"] = [external_sizes_of(item) for item in items]
            return said
    except TdcError as error:
        refused: dict[str, Any] = {"error": error.code}
        if error.index is not None:
            refused["payload_index"] = error.index
        return refused


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:150]}… ({len(text)} characters)"
