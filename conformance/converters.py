"""Data converters against each other: each SDK's default one, tdc in each language, and the C ABI.

What any of them wrote, each must read as the same value, where at least one of the two is tdc: SDKs among themselves are not the
matter. Failures the same: each SDK's own failure converter, which hides message and stack trace, and tdc's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import failures
import oracles
import values
from library import TdcError
from matrix import COLUMN
from messages import join, split
from participants import LANGUAGES, FailedError, SkippedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from library import DataConverter, Library
    from participants import Runner

#: Not the default list, or the bindings would leave the work to the converter of their SDK.
CONVERTERS = "version: 1\nconverters: [null, bytes, json-protobuf, binary-protobuf, json]\n"
BINARY = "version: 1\nconverters: [null, bytes, binary-protobuf, json]\n"
FAILURES = "version: 1\nfailures: { encode_common_attributes: true }\n"
KEY = "{ primary: k, ring: { k: { insecure_inline: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= } } }"
ENCRYPTED = f"{FAILURES}keys: {KEY}\ncodecs: [zlib, encrypt]\n"


@dataclass
class Limit:
    """What a participant cannot do, for a reason other than tdc."""

    names: set[str]
    items: set[str]
    reason: str
    met: set[str] = field(default_factory=set)

    def explains(self, name: str, item: str) -> bool:
        """Whether it is the reason; remembers whose."""
        if name not in self.names or item not in self.items:
            return False
        self.met.add(name)
        return True


LIMITS = [
    Limit(
        {"sdk go", "tdc go"},
        {"Value of null"},
        "Go's SDK reads the JSON null as no message (converter/proto_json_payload_converter.go), and tdc's Go module leaves that to it",
    ),
    Limit(
        {"sdk java"},
        {"Any of a well-known type", "Any of a Struct"},
        "Java's SDK has a JsonFormat that knows no type for what is in an Any (ProtobufJsonPayloadConverter.java)",
    ),
    Limit(
        {"sdk python", "tdc python"},
        {"empty message"},
        "Python's SDK puts a text where there is none: \"failure.message or 'Application error'\" (converter/_failure_converter.py)",
    ),
    Limit(
        {"sdk typescript", "tdc typescript"},
        {"list of integers", *values.past_exact_doubles()},
        "JavaScript's numbers are exact up to 2^53 only, and JSON.stringify refuses a bigint",
    ),
]


@dataclass(frozen=True)
class Converter:
    """A data converter."""

    name: str
    #: None for the C ABI.
    language: str | None
    config: Path | None

    @property
    def is_tdc(self) -> bool:
        """Whether it is this library."""
        return self.config is not None


@dataclass(frozen=True)
class Subject:
    """What a matrix is about."""

    title: str
    names: list[str]
    write: Callable[[Converter], list[bytes | str]]
    #: What is wrong with what it read, for each payload; given what some wrote, one after the other.
    read: Callable[[Converter, list[bytes]], list[str]]
    check: Callable[[str, bytes], str]


def run(runner: Runner, library: Library) -> list[str]:
    """Runs and prints the matrices; returns the failures."""
    problems = []
    absent: set[str] = set()
    for title, config in (
        ("values", CONVERTERS),
        ("values, messages as binary/protobuf", BINARY),
    ):
        with library.parse(config) as converter:
            problems += _matrix(runner, config, _values(runner, converter, title), absent)
    for title, config in (("failures that hide their text", FAILURES), ("failures, encrypted", ENCRYPTED)):
        with library.parse(config) as converter:
            problems += _matrix(runner, config, _failures(runner, converter, title), absent)
    for limit in LIMITS:
        print(f"n/a: {', '.join(sorted(limit.items))}: {limit.reason}")
        if not limit.met | (limit.names & absent):
            problems.append(f"no limit any more, take it off the list: {limit.reason}")
    return problems


def _values(runner: Runner, converter: DataConverter, title: str) -> Subject:
    corpus = values.corpus()

    def write(who: Converter) -> list[bytes | str]:
        if who.language is None:
            return list(split(converter.to_payload(join([value.raw() for value in corpus]))))
        answers = oracles.ask(runner, who.language, "write-values", [value.record(value.data) for value in corpus], who.config)
        return [oracles.error_of(answer) or answer.data for answer in answers]

    def read(who: Converter, payloads: list[bytes]) -> list[str]:
        if who.language is None:
            return [_raw(converter, value, payload) for value, payload in zip(cycle(corpus), payloads, strict=False)]
        records = [value.record(payload) for value, payload in zip(cycle(corpus), payloads, strict=False)]
        answers = oracles.ask(runner, who.language, "read-values", records, who.config)
        return [
            oracles.error_of(answer) or ("" if value.equals(answer.data) else f"read as {answer.data!r:.200}")
            for value, answer in zip(cycle(corpus), answers, strict=False)
        ]

    return Subject(title, [value.name for value in corpus], write, read, lambda _name, _payload: "")


def _raw(converter: DataConverter, value: values.Value, payload: bytes) -> str:
    try:
        [raw] = split(converter.from_payload(join([payload])))
    except TdcError as error:
        return str(error)
    return "" if value.is_raw(raw) else f"read as {raw!r:.200}"


def _failures(runner: Runner, converter: DataConverter, title: str) -> Subject:
    corpus = failures.corpus()

    def write(who: Converter) -> list[bytes | str]:
        records = [oracles.record(chain.data) for chain in corpus]
        answers = oracles.ask(runner, who.language or "python", "write-failures", records, who.config)
        return [oracles.error_of(answer) or answer.data for answer in answers]

    def read(who: Converter, payloads: list[bytes]) -> list[str]:
        answers = oracles.ask(runner, who.language or "python", "read-failures", [oracles.record(item) for item in payloads], who.config)
        return [oracles.error_of(answer) or chain.differs(answer.data) for chain, answer in zip(cycle(corpus), answers, strict=False)]

    def check(name: str, failure: bytes) -> str:
        chain = next(chain for chain in corpus if chain.name == name)
        if failure.count(b"Encoded failure") != len(chain.links):
            return "not every message is hidden"
        if title.endswith("encrypted") and any(text in failure for text in (b"json/plain", b"message", b"detail")):
            return "not everything is encrypted"
        decoded = converter.decode_failure(failure)
        if b"Encoded failure" in decoded:
            return "the C ABI does not bring every message back"
        again = converter.encode_failure(decoded)
        return "" if converter.decode_failure(again) == decoded else "the C ABI does not give it back as it was"

    return Subject(title, [chain.name for chain in corpus], write, read, check)


def _matrix(runner: Runner, config: str, subject: Subject, absent: set[str]) -> list[str]:
    file = runner.work / "converters.yaml"
    file.write_text(config, encoding="ascii")
    everybody = [Converter(f"sdk {language}", language, None) for language in LANGUAGES]
    everybody += [Converter(f"tdc {language}", language, file) for language in LANGUAGES]
    if config == ENCRYPTED:
        # The SDKs alone have no such codec.
        everybody = [who for who in everybody if who.is_tdc]
    if not subject.title.startswith("failures"):
        # Errors are a language's own: the C ABI has failures alone, and `check` looks at those.
        everybody.append(Converter("tdc c", None, file))
    problems: list[str] = []
    skipped: dict[str, str] = {}
    written: dict[str, list[bytes]] = {}
    for who in everybody:
        try:
            written[who.name] = _written(who, subject, problems)
        except SkippedError as reason:
            skipped[who.name] = str(reason)
        except FailedError as failure:
            skipped[who.name] = str(failure)
            problems.append(f"{subject.title}: {who.name} cannot write: {failure}")
    cells: dict[tuple[str, str], str] = {}
    for reader in everybody:
        if reader.name in skipped:
            continue
        writers = [writer for writer in everybody if writer.name in written and (writer.is_tdc or reader.is_tdc)]
        everything = iter(subject.read(reader, [payload for writer in writers for payload in written[writer.name]]))
        for writer in writers:
            said = list(islice(everything, len(subject.names)))
            faults = [(name, what) for name, what in zip(subject.names, said, strict=True) if what]
            wrong = [(name, what) for name, what in faults if not _is_limit(name, writer, reader)]
            problems += [f"{subject.title}: {writer.name} → {reader.name}: {name}: {what}" for name, what in wrong]
            right = len(said) - len(faults)
            passed = f"{right}+{len(faults)} n/a" if faults else str(right)
            cells[writer.name, reader.name] = f"FAIL {right}/{len(said)}" if wrong else passed
    _show(subject, everybody, cells, skipped)
    absent |= skipped.keys()
    return problems


def _is_limit(item: str, *who: Converter) -> bool:
    return any(limit.explains(one.name, item) for limit in LIMITS for one in who)


def _written(who: Converter, subject: Subject, problems: list[str]) -> list[bytes]:
    payloads = []
    for name, answer in zip(subject.names, subject.write(who), strict=True):
        if isinstance(answer, str):
            if not _is_limit(name, who):
                problems.append(f"{subject.title}: {who.name} cannot write: {name}: {answer}")
            payloads.append(b"")
            continue
        if wrong := subject.check(name, answer):
            problems.append(f"{subject.title}: written by {who.name}: {name}: {wrong}")
        payloads.append(answer)
    return payloads


def _show(subject: Subject, everybody: list[Converter], cells: dict[Any, str], skipped: dict[str, str]) -> None:
    width = max(len(who.name) for who in everybody)
    print(f"\n{subject.title}\nread equal, of {len(subject.names)}; written by ↓, read by →")
    for line in range(2):
        print(" " * width + "".join(f"{who.name.split()[line]:>{COLUMN}}" for who in everybody))
    for writer in everybody:
        row = [
            "skipped" if {writer.name, reader.name} & set(skipped) else cells.get((writer.name, reader.name), "-") for reader in everybody
        ]
        print(f"{writer.name:<{width}}" + "".join(f"{cell:>{COLUMN}}" for cell in row))
    for name, reason in skipped.items():
        print(f"{name}: skipped, because {reason}")
