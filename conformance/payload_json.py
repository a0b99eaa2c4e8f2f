"""The JSON of payloads in doubtful forms: what the replayer of any SDK reads, each of tdc's readers reads, and as the same payload.

tdc reads such JSON in a codec server's body (`tdc decode`), in histories and in failures. What it refuses or reads otherwise although
an SDK takes it is in `DIFFERENT`, with the reason.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from google.protobuf.unknown_fields import UnknownFieldSet

import oracles
from library import TdcError
from messages import Framing, content, split
from participants import LANGUAGES, FailedError, SkippedError, from_json, run_program

if TYPE_CHECKING:
    from pathlib import Path

    from library import DataConverter, Library
    from participants import Runner

CONFIG = "version: 1\n"

_SIZES = {
    "a number": "5",
    "text": '"5"',
    "a number with an exponent": "5e2",
    "text with an exponent": '"5E2"',
    "a number with a fraction of 0": "5.0",
    "text with a fraction of 0": '"5.0"',
    "a negative number": "-5",
    "a negative text": '"-5"',
    "the lowest": '"-9223372036854775808"',
    "the highest": '"9223372036854775807"',
    "text with a sign": '"+5"',
    "null": "null",
    "past 64 bits": "9223372036854775808",
    "a fraction": "5.5",
    "text with a space": '" 5"',
    "text without digits": '""',
    "true": "true",
    "text with an underscore": '"1_0"',
}

#: Forms of a payload, by names.
FORMS = {
    "usual": '{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}',
    "nothing": "{}",
    "base64 with unused bits": '{"metadata":{"encoding":"anNvbi9wbGFpbh=="},"data":"MR=="}',
    "base64 without padding": '{"metadata":{"encoding":"anNvbi9wbGFpbg"},"data":"MQ"}',
    "base64 with half of the padding": '{"data":"MQ="}',
    "base64 with more padding": '{"data":"MQ==="}',
    "base64 of URLs": '{"metadata":{"k":"-_8="},"data":"-_8"}',
    "base64 of both alphabets": '{"data":"+_8="}',
    "base64 with line breaks": '{"metadata":{"k":"+/\\n8="},"data":"MQ==\\r\\n"}',
    "base64 with spaces": '{"data":" M Q = =\\t"}',
    "base64 with other characters": '{"data":"M!Q=="}',
    "base64 that goes on after its padding": '{"data":"MQ==MQ=="}',
    "base64 of an impossible length": '{"data":"MQQQQ"}',
    "two metadata entries of one key": '{"metadata":{"a":"MQ==","b":"","a":"Mg=="}}',
    "metadata twice": '{"metadata":{"a":"MQ=="},"metadata":{"b":"MQ=="}}',
    "data twice": '{"data":"MQ==","data":"Mg=="}',
    "external payloads under both names": '{"externalPayloads":[{"sizeBytes":5}],"external_payloads":[{"sizeBytes":6}]}',
    "external payloads in snake case": '{"external_payloads":[{"size_bytes":5},{}]}',
    "null in all places": '{"metadata":null,"data":null,"externalPayloads":null}',
    "null as a metadata value": '{"metadata":{"a":null}}',
    "null in external payloads": '{"externalPayloads":[null]}',
    "an unknown member": '{"new":[1,{"x":null}],"data":"MQ==","externalPayloads":[{"sizeBytes":5,"new":""}]}',
    "only an unknown member": '{"new":1}',
    "escapes in names": '{"d\\u0061ta":"MQ==","metadata":{"\\u0061":"MQ=="}}',
    "half a surrogate pair in a metadata key": '{"metadata":{"a\\ud800":"MQ=="}}',
    "half a surrogate pair in an unknown member": '{"n\\ud800":"\\udc00","data":"MQ=="}',
    "a number as data": '{"data":5}',
    "a number as a metadata value": '{"metadata":{"a":5}}',
    "an object as data": '{"data":{"a":1}}',
    "an encoding in plain text": '{"metadata":{"encoding":"json/plain"},"data":"abcd"}',
    "null": "null",
    "text": '"abcd"',
    "a number": "5",
    "a list": "[]",
    **{f"a size: {name}": f'{{"externalPayloads":[{{"sizeBytes":{size}}}]}}' for name, size in _SIZES.items()},
}

#: What tdc refuses, or reads as another payload, although an SDK reads it.
DIFFERENT = {
    "base64 with other characters": "Python leaves them out, and so does not see that the text is damaged",
    "base64 that goes on after its padding": "Python leaves out what follows, and TypeScript reads zeros",
    "a size: text with an underscore": "Python's own form of numbers",
    "half a surrogate pair in a metadata key": "Java has a question mark, tdc U+FFFD as Go's encoding/json",
    "an encoding in plain text": "the Web UI's Human Readable download: base64 by accident, and never what was meant",
    "only an unknown member": "a value in the place of a payload",
    "text": "a value in the place of a payload; Python reads an empty one",
    "a list": "a value in the place of a payload; Python reads an empty one",
}


def run(runner: Runner, library: Library) -> list[str]:
    """Compares the readers; returns the failures."""
    said: dict[str, list[bytes | str]] = {}
    skipped, problems = [], []
    histories = {name: _history(form) for name, form in FORMS.items()}
    for language in LANGUAGES:
        try:
            answers = oracles.ask(runner, language, "read-history", [oracles.record(history) for history in histories.values()])
            said[language] = [oracles.error_of(answer) or _payload(answer.data) for answer in answers]
        except SkippedError as error:
            skipped.append(f"{language}: skipped, because {error}")
        except FailedError as error:
            problems.append(f"JSON of payloads: {language}: {error}")
    config = runner.work / "payload_json.yaml"
    config.write_text(CONFIG, encoding="ascii")
    counts = dict.fromkeys((*said, "tdc"), 0)
    explained = set()
    with library.parse(CONFIG) as converter:
        for index, (name, form) in enumerate(FORMS.items()):
            body = _body(runner, config, form)
            counts["tdc"] += isinstance(body, bytes)
            problems += [f"JSON of payloads: {name}: {what}" for what in _readers_differ(converter, form, body)]
            for language, answers in said.items():
                answer = answers[index]
                if isinstance(answer, str):
                    continue
                counts[language] += 1
                if isinstance(body, bytes) and content(body) == content(answer):
                    continue
                explained.add(name)
                if name not in DIFFERENT:
                    problems.append(f"JSON of payloads: {name}: {language} reads {content(answer)}, tdc {body!r:.200}")
    if len(said) == len(LANGUAGES):
        problems += [f"JSON of payloads: {name}: no SDK reads it differently, take it off the list" for name in set(DIFFERENT) - explained]
    print(f"\nthe JSON of payloads in {len(FORMS)} forms, read by " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    for line in skipped:
        print(line)
    return problems


def _history(form: str) -> bytes:
    # Java's replayer wants the first event of a workflow, and its run id.
    attributes = f'{{"originalExecutionRunId":"r","input":{{"payloads":[{form}]}}}}'
    event = f'{{"eventId":"1","eventType":"WorkflowExecutionStarted","workflowExecutionStartedEventAttributes":{attributes}}}'
    return f'{{"events":[{event}]}}'.encode()


def _payload(history: bytes) -> bytes:
    """The payload in a serialised History: in its first event's field 6, in that one's field 6."""
    inner = split(history)[0]
    for number in (6, 6):
        fields: Any = UnknownFieldSet(Framing.FromString(inner))
        inner = next(field.data for field in fields if field.field_number == number)
    payloads = split(inner)
    # Python reads some values as no payload at all.
    return payloads[0] if payloads else b""


def _body(runner: Runner, config: Path, form: str) -> bytes | str:
    """What tdc reads in a codec server's body."""
    program = runner.root / "target" / "release" / "tdc"
    try:
        done = run_program([str(program), "decode", "--config", str(config)], f'{{"payloads":[{form}]}}'.encode())
    except FailedError as error:
        return str(error)
    [payload] = json.loads(done.stdout)["payloads"]
    return from_json(payload)


def _readers_differ(converter: DataConverter, form: str, body: bytes | str) -> list[str]:
    """How the readers of histories differ from that of bodies."""
    failure = '{{"events":[{{"activityTaskFailedEventAttributes":{{"failure":{{"message":"Encoded failure",{}}}}}}}]}}'
    places: dict[str, Any] = {
        "a history": _history(form),
        "the details of a failure": failure.format(f'"applicationFailureInfo":{{"details":{{"payloads":[{form}]}}}}').encode(),
        "encoded attributes": failure.format(f'"encodedAttributes":{form}').encode(),
    }
    different = []
    for place, history in places.items():
        if form == "null" and place == "encoded attributes":
            continue  # A field that is not set.
        try:
            converter.decode_history(history)
        except TdcError as error:
            if error.code != "TDC_ERR_JSON":
                different.append(f"{place}: {error}")
            elif isinstance(body, bytes):
                different.append(f"{place} refuses what a body may have: {error}")
        else:
            if isinstance(body, str):
                different.append(f"{place} takes what a body may not have: {body}")
    return different
