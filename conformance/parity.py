"""Each SDK's own visitor as the oracle for tdc's: the same positions of payloads and failures in every message of Temporal's API.

Every position of every message type of an SDK's API (`positions.py`) is a message of its own, with one marked payload in it. The SDK's
visitor gets it, and so do tdc's encode and decode. `parity.toml` lists where they differ, each with the code of the SDK that says why; an
entry that explains nothing any more is a problem, too.
"""

from __future__ import annotations

import tomllib
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import oracles
from library import TdcError
from participants import LANGUAGES, SkippedError
from positions import FAILURE, PAYLOAD, Api, Position

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from library import Library
    from participants import Runner

#: What the drivers put behind a payload or a message of a failure that the visitor came to.
VISITED = b"!"
#: Attributes of a failure, because a payload may be in their place.
MARK = b'{"message":"marked","stack_trace":""}'
HIDDEN = b"Encoded failure"
HEADER_TYPE = "temporal.api.common.v1.Header"
HEADER = f"{HEADER_TYPE}.fields"

KEY = "{ primary: k, ring: { k: { insecure_inline: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= } } }"
CODECS = f"version: 1\nkeys: {KEY}\ncodecs: [encrypt]\n"
FAILURES = "version: 1\nfailures: { encode_common_attributes: true }\n"


@dataclass
class Difference:
    """An entry of the list."""

    oracles: list[str]
    #: Full name of a field on the way, of the root, or of its package (with a dot behind).
    at: str
    #: Of `encode`, `decode` and `failures`.
    of: list[str]
    tdc_visits: bool
    reason: str
    quote: str
    explained: Counter[str] = field(default_factory=Counter)

    def explains(self, oracle: str, task: str, position: Position, *, tdc_visits: bool) -> bool:
        """Whether it is the reason; counts."""
        is_there = self.at in position.names or (self.at.endswith(".") and position.root.startswith(self.at))
        if oracle not in self.oracles or task not in self.of or tdc_visits != self.tdc_visits or not is_there:
            return False
        self.explained[oracle] += 1
        return True


def run(runner: Runner, library: Library, listed: Path) -> list[str]:
    """Compares; returns the differences without a reason."""
    differences = [Difference(**entry) for entry in tomllib.loads(listed.read_text(encoding="utf-8"))["difference"]]
    problems: list[str] = []
    asked = []
    print("\nvisitors: positions where tdc and the SDK's own visitor do the same")
    for oracle in LANGUAGES:
        try:
            problems += [f"parity with {oracle}: {problem}" for problem in _compare(runner, library, oracle, differences)]
            asked.append(oracle)
        except SkippedError as reason:
            print(f"  {oracle}: skipped, because {reason}")
    for difference in differences:
        print(f"  other on purpose ({sum(difference.explained.values())} positions): {difference.at}: {difference.reason}")
        idle = [name for name in difference.oracles if name in asked and not difference.explained[name]]
        if idle:
            problems.append(f"parity.toml: no difference any more with {' and '.join(idle)}, take it off the list: {difference.at}")
    return problems


def _compare(runner: Runner, library: Library, oracle: str, differences: list[Difference]) -> list[str]:
    api = Api(oracles.describe(runner, oracle))
    problems: list[str] = []
    tasks = [("encode", PAYLOAD, "visit-payloads"), ("decode", PAYLOAD, "visit-payloads")]
    if oracle == "go":
        # The other SDKs have no visitor of failures.
        tasks.append(("failures", FAILURE, "visit-failures"))
    with library.parse(CODECS) as codecs, library.parse(FAILURES) as failures:
        of_tdc: dict[str, Callable[[Position], bool]] = {
            "encode": lambda position: _encodes(codecs, api, position),
            "decode": lambda position: _decodes(codecs, api, position),
            "failures": lambda position: _hides(failures, api, position),
        }
        for task, target, operation in tasks:
            positions = list(api.positions(target))
            mark = _mark_payload if target == PAYLOAD else _mark_failure
            records = [oracles.record(api.message(position, mark), type=position.root) for position in positions]
            answers = oracles.ask(runner, oracle, operation, records)
            counts: Counter[str] = Counter()
            for position, answer in zip(positions, answers, strict=True):
                if (error := oracles.error_of(answer)) is not None and "Unknown root message type" in error:
                    counts["of types that its visitor does not take"] += 1
                    continue
                if error is not None and not _is_payload_itself(position):
                    problems.append(f"{task}: {position}: the SDK's visitor fails: {error}")
                    continue
                there, here = _was_visited(answer.data, target, problems, position), _asked(of_tdc[task], problems, position)
                if there == here:
                    counts["visited" if here else "left alone"] += 1
                elif any(entry.explains(oracle, task, position, tdc_visits=here) for entry in differences):
                    counts["other on purpose"] += 1
                else:
                    says = "visits" if here else "leaves alone"
                    problems.append(f"{task}: {position}: tdc {says} what the SDK's visitor {'visits' if there else 'leaves alone'}")
            print(
                f"  {oracle} {task}: {len(positions)} positions in {len({position.root for position in positions})} types: {_said(counts)}"
            )
    return problems


def _is_payload_itself(position: Position) -> bool:
    return position.root == PAYLOAD


def _asked(of_tdc: Callable[[Position], bool], problems: list[str], position: Position) -> bool:
    try:
        return of_tdc(position)
    except (TdcError, _OtherError) as error:
        problems.append(f"{position}: {error}")
        return False


class _OtherError(Exception):
    """tdc did something that is neither to visit nor to leave alone."""


def _mark_payload(payload: Any) -> None:
    payload.metadata["encoding"] = b"json/plain"
    payload.data = MARK
    # So that the mark does not end the messages around it, behind which an oracle may write.
    payload.external_payloads.add(size_bytes=1)


def _mark_failure(failure: Any) -> None:
    failure.message = MARK.decode()


def _was_visited(message: bytes, target: str, problems: list[str], position: Position) -> bool:
    if message.count(MARK) != 1 and target == PAYLOAD:
        problems.append(f"{position}: the SDK's visitor lost the payload")
    if MARK + VISITED + VISITED in message:
        problems.append(f"{position}: the SDK's visitor came twice")
    return MARK + VISITED in message


def _encodes(converter: Any, api: Api, position: Position) -> bool:
    message = api.message(position, _mark_payload)
    encoded = converter.encode_message(position.root, message, headers=True)
    visits = _changed(message, encoded, encoded.count(b"encryption-key-id") == 1 and MARK not in encoded)
    with_headers_plain = converter.encode_message(position.root, message)
    # Asked for by its name, a header is asked for.
    is_header = HEADER in position.names and position.root != HEADER_TYPE
    if (with_headers_plain == message) != (is_header or not visits):
        raise _OtherError("headers are encoded although nobody asked, or something else is left out with them")
    return visits


def _decodes(converter: Any, api: Api, position: Position) -> bool:
    def mark(payload: Any) -> None:
        _mark_payload(payload)
        plain = payload.SerializeToString()
        payload.Clear()
        payload.metadata["encoding"] = b"binary/zlib"
        payload.data = zlib.compress(plain)

    message = api.message(position, mark)
    decoded = converter.decode_message(position.root, message)
    is_open = MARK in decoded or (position.names[-1] == f"{FAILURE}.encoded_attributes" and b"marked" in decoded)
    return _changed(message, decoded, is_open and b"binary/zlib" not in decoded)


def _hides(converter: Any, api: Api, position: Position) -> bool:
    message = api.message(position, _mark_failure)
    encoded = converter.encode_message(position.root, message)
    # Those around it are failures without a text, and hide that.
    at_least = 1 + sum(name.endswith(".cause") for name in position.names)
    return _changed(message, encoded, encoded.count(HIDDEN) >= at_least and encoded.count(MARK.replace(b'"', b'\\"')) == 1)


def _changed(before: bytes, after: bytes, as_expected: bool) -> bool:
    if before != after and not as_expected:
        raise _OtherError(f"tdc made something else of it: {after!r:.300}")
    return before != after


def _said(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
