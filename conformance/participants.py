"""Who takes part: tdc in each language, the C driver, the command line, and the independent codecs of each language."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from messages import Payload, join, split

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"test-key-test-key-test-key-test!"
KEY_ID = "test-key-id"
#: Languages with an SDK of Temporal's that can be asked.
LANGUAGES = ("go", "python", "java", "typescript")
#: Seconds; a driver builds itself on first use.
TIMEOUT = 1800


class SkippedError(Exception):
    """It cannot take part here; the text says why."""


class FailedError(Exception):
    """It took part and failed."""


@dataclass(frozen=True)
class Participant:
    """One codec in one language."""

    name: str
    codec: str
    driver: str
    #: Environment of its driver, and why it cannot take part where that says nothing.
    environment: tuple[str, str] | None = None
    absent: str = ""
    #: It cannot read what others write: the Java sample takes a payload's key id for the key.
    only_writes: bool = False

    @property
    def is_tdc(self) -> bool:
        """Whether it is this library."""
        return self.codec == "tdc"

    @property
    def takes_unknown_fields(self) -> bool:
        """The command line's JSON cannot carry them, and the SDKs of TypeScript and Rust drop them where they read a message."""
        return self.driver not in {"cli", "rust", "typescript"}


#: Java has two ways to the library: JNI below JDK 22, FFM from there on. The driver takes the oldest JDK that it finds.
FFM = Participant(
    "tdc java ffm", "tdc", "java", ("DRIVER_JAVA_HOME", os.environ.get("TDC_FFM_JAVA_HOME", "")), "no JDK from 22 on was found"
)
TDC = [*(Participant(f"tdc {name}", "tdc", name) for name in ("go", "python", "java")), FFM]
TDC += [Participant(f"tdc {name}", "tdc", name) for name in ("typescript", "rust", "c", "cli")]
SAMPLES = [Participant(f"sample {name}", "sample", name) for name in LANGUAGES]
SAMPLES += [Participant("java sample", "java-sample", "java", only_writes=True)]
ZLIBS = [Participant(f"sdk zlib {name}", "zlib", name) for name in ("go", "java")]


@dataclass(frozen=True)
class Runner:
    """Runs participants on files in `work`; `root` is the repository."""

    root: Path
    work: Path

    def call(self, who: Participant, operation: str, config: Path, payloads: bytes) -> bytes:
        """Encodes or decodes a serialised Payloads."""
        if who.driver == "cli":
            return self._cli(operation, config, payloads)
        if who.environment and not who.environment[1]:
            raise SkippedError(who.absent)
        driver = self.root / "scripts" / f"driver-{who.driver}"
        if not driver.exists():
            raise SkippedError(f"scripts/driver-{who.driver} does not exist")
        source, target = self.work / "in.pb", self.work / "out.pb"
        source.write_bytes(payloads)
        target.unlink(missing_ok=True)
        options = ["--codec", who.codec]
        if who.codec == "tdc":
            options += ["--config", str(config)]
        elif who.codec.endswith("sample"):
            options += ["--key-file", str(self.work / "key"), "--key-id", KEY_ID]
        environment = dict([who.environment]) if who.environment else {}
        done = run_program([str(driver), *options, operation, str(source), str(target)], environment=environment)
        if not target.exists():
            raise SkippedError(_last_line(done.stdout))
        return target.read_bytes()

    def _cli(self, operation: str, config: Path, payloads: bytes) -> bytes:
        program = self.root / "target" / "release" / "tdc"
        if not program.exists():
            raise SkippedError("target/release/tdc was not built: run cargo build --release")
        done = run_program(
            [str(program), operation, "--config", str(config)], json.dumps({"payloads": [*map(_to_json, split(payloads))]}).encode()
        )
        return join([from_json(item) for item in json.loads(done.stdout).get("payloads", [])])


def run_program(command: list[str], given: bytes = b"", environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """Runs a program to its end."""
    env = {**os.environ, **(environment or {})}
    done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=TIMEOUT, env=env)  # noqa: S603 - our own
    said = done.stdout + done.stderr
    if b"skipped, because" in said:
        raise SkippedError(_last_line(said.split(b"skipped, because", 1)[1].splitlines()[0]))
    if done.returncode:
        raise FailedError(f"exit {done.returncode}: {_last_line(done.stderr)}")
    return done


def _last_line(said: bytes) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"


def _to_json(payload: bytes) -> dict[str, object]:
    message = Payload.FromString(payload)
    out: dict[str, object] = {"metadata": {key: _base64(value) for key, value in message.metadata.items()}}
    if message.data:
        out["data"] = _base64(message.data)
    if message.external_payloads:
        out["externalPayloads"] = [{"sizeBytes": str(item.size_bytes)} for item in message.external_payloads]
    return out


def from_json(item: dict[str, object]) -> bytes:
    """A payload as the command line writes it, serialised."""
    message = Payload()
    metadata, details, data = item.get("metadata") or {}, item.get("externalPayloads") or [], item.get("data") or ""
    if not isinstance(metadata, dict) or not isinstance(details, list) or not isinstance(data, str):
        raise FailedError("the command line's JSON is not a codec server's body")
    for key, value in metadata.items():
        message.metadata[key] = base64.b64decode(value, validate=True)
    message.data = base64.b64decode(data, validate=True)
    for detail in details:
        message.external_payloads.add(size_bytes=int(detail.get("sizeBytes", "0")))
    return bytes(message.SerializeToString())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
