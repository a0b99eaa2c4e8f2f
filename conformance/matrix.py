"""Every pair of a writer and a reader, over the corpus."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corpus import Item, corpus
from messages import content, encoding_of, join, split
from participants import KEY, KEY_ID, SAMPLES, TDC, ZLIBS, FailedError, Participant, Runner, SkippedError
from sample_server import sample_server

if TYPE_CHECKING:
    from pathlib import Path


#: Width of a column of the printed matrix.
COLUMN = 12


@dataclass(frozen=True)
class Chain:
    """One matrix: what tdc is configured with, and who else speaks the format."""

    name: str
    codecs: str
    #: The codecs of the readers: decode follows the payload, so they may have moved on.
    reader_codecs: str
    others: list[Participant]
    #: What the large payloads must carry outside after encoding; and whether every payload must.
    encoding: str
    always: bool
    #: Who of tdc is in it.
    tdc: list[Participant] = field(default_factory=lambda: TDC)
    #: Whether what tdc reads and writes goes through JSON.
    is_json: bool = False

    @property
    def participants(self) -> list[Participant]:
        """Everybody in it."""
        return [*self.tdc, *self.others]

    @property
    def readers(self) -> list[Participant]:
        """Everybody who can read what the others write."""
        return [who for who in self.participants if not who.only_writes]


CHAINS = [
    Chain("encrypt: AES-256-GCM", "[encrypt]", "[encrypt]", SAMPLES, "binary/encrypted", always=True),
    Chain("zlib", "[zlib]", "[zlib]", ZLIBS, "binary/zlib", always=False),
    Chain(
        "zstd, then encrypt; read under [zlib, encrypt] and a newer primary key",
        "[zstd, encrypt]",
        "[zlib, encrypt]",
        [],
        "binary/encrypted",
        always=True,
    ),
]


def remote_chain(url: str) -> Chain:
    """A codec server encodes for tdc and decodes for it, and with its key no server is needed. C has no HTTP client."""
    codecs = f'[remote: {{ url: "{url}" }}]'
    return Chain(
        "remote: the Python sample's codec server, from each language's HTTP client",
        codecs,
        codecs,
        [who for who in SAMPLES if not who.only_writes],
        "binary/encrypted",
        always=True,
        tdc=[who for who in TDC if who.driver != "c"],
        is_json=True,
    )


@dataclass
class Result:
    """The cells of one matrix, and what went wrong."""

    cells: dict[tuple[str, str], str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def prepare(work: Path) -> None:
    """Writes the keys."""
    for name, key in (("key", KEY), ("newer-key", bytes(range(32)))):
        file = work / name
        file.touch(mode=0o600)
        file.write_text(base64.b64encode(key).decode() + "\n", encoding="ascii")


def configs(work: Path, chain: Chain) -> tuple[Path, Path]:
    """The configurations of the writers and of the readers: the key and the chain have changed in between."""
    ring = f"    {KEY_ID}: {{ file: key }}\n"
    both = ring + "    newer: { file: newer-key }\n"
    out = work / "writer.yaml", work / "reader.yaml"
    out[0].write_text(f"version: 1\nkeys:\n  primary: {KEY_ID}\n  ring:\n{ring}codecs: {chain.codecs}\n", encoding="ascii")
    out[1].write_text(f"version: 1\nkeys:\n  primary: newer\n  ring:\n{both}codecs: {chain.reader_codecs}\n", encoding="ascii")
    return out


def run(runner: Runner) -> list[str]:
    """Runs and prints every matrix; returns the failures."""
    prepare(runner.work)
    items = corpus()
    problems = []
    for chain in CHAINS:
        problems += _run_and_show(runner, chain, items)
    return problems + run_remote(runner)


def run_remote(runner: Runner) -> list[str]:
    """The matrix whose payloads a codec server makes."""
    try:
        with sample_server(runner.root) as url:
            return _run_and_show(runner, remote_chain(url), corpus())
    except SkippedError as reason:
        print(f"\nremote: skipped, because {reason}")
        return []
    except FailedError as failure:
        return [f"remote: {failure}"]


def _run_and_show(runner: Runner, chain: Chain, items: list[Item]) -> list[str]:
    result = _run_chain(runner, chain, items)
    _show(chain, result, len(items))
    return [f"{chain.name}: {problem}" for problem in result.problems]


def _run_chain(runner: Runner, chain: Chain, items: list[Item]) -> Result:
    result = Result()
    writers_config, readers_config = configs(runner.work, chain)
    written: dict[str, tuple[list[Item], list[bytes]]] = {}
    for writer in chain.participants:
        usable = [item for item in items if item.json or (writer.takes_unknown_fields and not chain.is_json)]
        try:
            encoded = split(runner.call(writer, "encode", writers_config, join([item.payload for item in usable])))
        except SkippedError as reason:
            result.skipped[writer.name] = str(reason)
            continue
        except FailedError as failure:
            result.problems.append(f"{writer.name} cannot encode: {failure}")
            continue
        result.problems += [f"{writer.name}: {problem}" for problem in _check_written(chain, usable, encoded)]
        written[writer.name] = (usable, encoded)
    for reader in chain.readers:
        if reader.name not in result.skipped:
            _read(runner, reader, readers_config, chain, written, result)
    return result


def _check_written(chain: Chain, items: list[Item], encoded: list[bytes]) -> list[str]:
    """A codec that does nothing would pass every comparison: so what was written must look as the chain says."""
    if len(items) != len(encoded):
        return [f"{len(items)} payloads in, {len(encoded)} out"]
    problems = []
    for item, payload in zip(items, encoded, strict=True):
        must = chain.always or item.name in {"JSON, large", "2 MiB"}
        if must and encoding_of(payload) != chain.encoding:
            problems.append(f"{item.name}: its encoding is {encoding_of(payload)}, expected {chain.encoding}")
        if chain.always and len(item.payload) > 16 and item.payload in payload:
            problems.append(f"{item.name}: its plaintext can be read")
    return problems


def _read(
    runner: Runner, reader: Participant, config: Path, chain: Chain, written: dict[str, tuple[list[Item], list[bytes]]], result: Result
) -> None:
    """One call for everybody's payloads: messages in a row are one message. If that fails, one call for each writer tells whose."""
    names = [who.name for who in chain.participants if who.name in written and _meet(who, reader)]
    try:
        decoded = split(runner.call(reader, "decode", config, join([payload for name in names for payload in written[name][1]])))
    except SkippedError as reason:
        result.skipped[reader.name] = str(reason)
        return
    except FailedError:
        decoded = []
    at = 0
    for name in names:
        items, encoded = written[name]
        answer = decoded[at : at + len(items)]
        at += len(items)
        if len(answer) != len(items):
            try:
                answer = split(runner.call(reader, "decode", config, join(encoded)))
            except (FailedError, SkippedError) as failure:
                result.cells[name, reader.name] = "FAIL"
                result.problems.append(f"{name} → {reader.name}: {failure}")
                continue
        _compare(name, reader, items, answer, result)


def _meet(writer: Participant, reader: Participant) -> bool:
    """Of the Java sample's form, whose key id is the key, the other samples know nothing."""
    return reader.is_tdc or not writer.only_writes


def _compare(writer: str, reader: Participant, items: list[Item], answer: list[bytes], result: Result) -> None:
    if len(answer) != len(items):
        result.cells[writer, reader.name] = "FAIL"
        result.problems.append(f"{writer} → {reader.name}: {len(items)} payloads in, {len(answer)} out")
        return
    equal = 0
    for item, payload in zip(items, answer, strict=True):
        if not item.json and not reader.takes_unknown_fields:
            continue
        if content(payload) == content(item.payload):
            equal += 1
        else:
            result.problems.append(f"{writer} → {reader.name}: {item.name} came back as something else")
    compared = sum(item.json or reader.takes_unknown_fields for item in items)
    absent = len(corpus()) - compared
    passed = f"{equal}+{absent} n/a" if absent else str(equal)
    result.cells[writer, reader.name] = passed if equal == compared else f"FAIL {equal}/{compared}"


def _cell(result: Result, writer: Participant, reader: Participant) -> str:
    if not _meet(writer, reader):
        return "-"
    absent = {writer.name, reader.name} & set(result.skipped)
    return result.cells.get((writer.name, reader.name), "skipped" if absent else "FAIL")


def _show(chain: Chain, result: Result, count: int) -> None:
    names = [who.name for who in chain.participants]
    readers = [who.name for who in chain.readers]
    width = max(map(len, names))
    print(f"\n{chain.name}\npayloads that came back equal, of {count}; written by ↓, read by →")
    for line in range(2):
        heads = [name.rsplit(" ", 1)[line] for name in readers]
        print(" " * width + "".join(f"{head:>{COLUMN}}" for head in heads))
    for writer in chain.participants:
        row = [_cell(result, writer, reader) for reader in chain.readers]
        print(f"{writer.name:<{width}}" + "".join(f"{cell:>{COLUMN}}" for cell in row))
    print("n/a: a payload with unknown fields, which JSON (codec servers, the command line), protobufjs and prost cannot carry")
    if any(who.only_writes for who in chain.participants):
        print("-: the form whose key id is the key; only tdc, with that key in its ring, reads it")
    for name, reason in result.skipped.items():
        print(f"{name}: skipped, because {reason}")
