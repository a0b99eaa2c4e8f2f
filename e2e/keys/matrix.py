"""Every writer against every reader of envelopes: oracles in Go and Python, tdc's command line and its bindings."""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from envelope import Envelope, Service
from services import Checks

#: Seconds: a driver may have to be built.
_PATIENCE = 900
_ENTRIES = {"encoding", "encryption-key-id", "encryption-dek"}


@dataclass(frozen=True)
class Programs:
    """The programs that take part besides the oracle in Python."""

    root: Path
    gocloud: Path | None
    tdc: Path
    library: Path
    folder: Path


@dataclass(frozen=True)
class Participant:
    """Somebody who writes and reads a serialised Payloads."""

    name: str
    seal: Callable[[bytes], bytes]
    open: Callable[[bytes], bytes]


def matrix(
    checks: Checks,
    programs: Programs,
    uri: str,
    service: Service,
    environment: Mapping[str, str],
) -> None:
    """Has everybody write the corpus, and everybody read what each has written."""
    print(f"envelopes under {uri.split(':', 1)[0]}: every writer, every reader", flush=True)
    corpus = _corpus()
    message = Payloads(payloads=corpus).SerializeToString()
    everybody = _participants(programs, uri, service, environment)
    written: dict[str, bytes] = {}
    for writer in everybody:
        sealed = written[writer.name] = writer.seal(message)
        payloads = list(Payloads.FromString(sealed).payloads)
        checks.that(f"{writer.name} writes the Proxy's form", _is_sealed(payloads, corpus, uri), payloads)
    # One list with a data key of each writer, as a history has them.
    written["everybody"] = b"".join(written.values())
    for reader in everybody:
        for name, sealed in written.items():
            read = list(Payloads.FromString(reader.open(sealed)).payloads)
            expected = corpus * (len(everybody) if name == "everybody" else 1)
            checks.that(f"{reader.name} reads what {name} wrote", read == expected, read)


def _corpus() -> list[Payload]:
    """What workflows have: text, nothing, bytes, a payload that is stored elsewhere, one that is sealed already."""
    text = {"encoding": b"json/plain"}
    large = Payload(metadata={**text, "note": "Grüße".encode()}, data=b'"' + b"x" * 70_000 + b'"')
    stored = Payload(metadata=text, data=b"{}")
    stored.external_payloads.add(size_bytes=1 << 40)
    foreign = {"encoding": b"binary/encrypted", "encryption-key-id": b"gcpkms://projects/p", "encryption-dek": b"AAAA"}
    return [
        Payload(metadata=text, data=b'"one"'),
        Payload(metadata={"encoding": b"binary/null"}),
        Payload(metadata={"encoding": b"binary/plain"}, data=bytes(range(256))),
        large,
        stored,
        Payload(metadata=foreign, data=b"\0" * 40),
    ]


def _is_sealed(payloads: list[Payload], corpus: list[Payload], uri: str) -> bool:
    """Whether each payload has the three entries and nothing else, nonce and tag, and one wrapped key for all."""
    wrapped = {payload.metadata["encryption-dek"] for payload in payloads}
    return (
        len(payloads) == len(corpus)
        and len(wrapped) == 1
        and all(base64.b64decode(text, validate=True) for text in wrapped)
        and all(
            set(payload.metadata) == _ENTRIES
            and payload.metadata["encoding"] == b"binary/encrypted"
            and payload.metadata["encryption-key-id"] == uri.encode()
            and len(payload.data) == 12 + before.ByteSize() + 16
            for payload, before in zip(payloads, corpus, strict=True)
        )
    )


@dataclass(frozen=True)
class _Runner:
    """Runs the programs with the environment of a key service."""

    programs: Programs
    config: Path
    env: Mapping[str, str]

    def run(self, command: list[str | Path], given: bytes = b"") -> bytes:
        done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=_PATIENCE, env=self.env)
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def gocloud(self, gocloud: Path, verb: str, uri: str) -> Callable[[bytes], bytes]:
        return lambda message: self.run([gocloud, verb, uri], message)

    def command_line(self, verb: str) -> Callable[[bytes], bytes]:
        def convert(message: bytes) -> bytes:
            # Python's protobuf writes the body of a codec server, and reads it again.
            body = json_format.MessageToJson(Payloads.FromString(message)).encode()
            answer = self.run([self.programs.tdc, verb, "--config", self.config], body)
            return json_format.Parse(answer, Payloads()).SerializeToString()

        return convert

    def binding(self, language: str, verb: str) -> Callable[[bytes], bytes]:
        def convert(message: bytes) -> bytes:
            made = self._driven(language, verb, message)
            if made is None:
                raise RuntimeError(f"scripts/driver-{language} made nothing")
            return made

        return convert

    def is_there(self, language: str) -> bool:
        """Whether its toolchain is: without it a driver says so, and makes nothing."""
        return self._driven(language, "encode", b"") is not None

    def _driven(self, language: str, verb: str, message: bytes) -> bytes | None:
        given, made = self.programs.folder / "in.pb", self.programs.folder / "out.pb"
        given.write_bytes(message)
        made.unlink(missing_ok=True)
        script = self.programs.root / "scripts" / f"driver-{language}"
        self.run([script, "--codec", "tdc", "--config", self.config, verb, given, made])
        return made.read_bytes() if made.exists() else None


def _participants(programs: Programs, uri: str, service: Service, environment: Mapping[str, str]) -> list[Participant]:
    """Everybody who is there. A binding without its toolchain is not, and the line says so."""
    config = programs.folder / "envelope.yaml"
    # `required` makes sure that nobody passes a payload on that it should have opened.
    document = {
        "version": 1,
        "keys": {"primary": "orders", "ring": {"orders": {"service": uri}}},
        "codecs": [{"encrypt": {"required": True}}],
    }
    config.write_text(json.dumps(document))
    runner = _Runner(programs, config, {**os.environ, **environment, "TDC_KEYS_LIBRARY": str(programs.library)})
    oracle = Envelope(uri, service)
    found = [Participant("the oracle in Python", oracle.seal, oracle.open)]
    languages = ["python", "java", "typescript", "rust"]
    if programs.gocloud:
        seal, open_it = (runner.gocloud(programs.gocloud, verb, uri) for verb in ("seal", "open"))
        found.append(Participant("the oracle in Go", seal, open_it))
        languages.append("go")
    else:
        print("  skipped  tdc in go, because go is not installed", flush=True)
    found.append(Participant("tdc", runner.command_line("encode"), runner.command_line("decode")))
    for language in languages:
        if not runner.is_there(language):
            print(f"  skipped  tdc in {language}: scripts/driver-{language} says what is missing", flush=True)
            continue
        encode, decode = (runner.binding(language, verb) for verb in ("encode", "decode"))
        found.append(Participant(f"tdc in {language}", encode, decode))
    return found
