"""Storage drivers of every SDK against real stores: what one language stored, another retrieves.

`scripts/test-storage` builds everything and runs this.
"""

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToJson, Parse
from harness import store_servers
from harness.checks import Checks
from harness.processes import free_port, server
from temporalio.api.common.v1 import Payload, Payloads

import buckets

BUCKET = buckets.BUCKET
NAMESPACE = "default"
REFERENCE = {"encoding": b"json/protobuf", "messageType": b"temporal.api.sdk.v1.ExternalStorageReference"}
#: What each writer, bare and wrapped, wrote down of what it stored.
Claims = dict[tuple[str, str], list[dict[str, str]]]
#: The languages whose drivers spell claims alike.
SPELLINGS = {"go": "snake_case", "python": "snake_case", "typescript": "camelCase"}


def payloads_of(writer: tuple[str, str]) -> list[Payload]:
    """Three that nobody else writes: drivers do not upload what is already there."""
    named = {"writer": " ".join(writer).encode()}
    return [
        Payload(metadata={"encoding": b"json/plain", **named}, data='{"tea":"größer"}'.encode()),
        Payload(metadata={"encoding": b"binary/encrypted", **named}, data=bytes(range(256)) * 2000),
        Payload(metadata={"encoding": b"binary/null", **named}),
    ]


@dataclass(frozen=True)
class Store:
    """A running server, and the programs that have a driver for it."""

    name: str
    endpoint: str
    programs: dict[str, list[str]]
    environment: dict[str, str]

    def ask(self, language: str, mode: str, action: str, question: object) -> Any:
        """What the program answers."""
        arguments = [*self.programs[language], self.name, self.endpoint, BUCKET, mode, action]
        data, environment = json.dumps(question).encode(), {**os.environ, **self.environment}
        done = subprocess.run(arguments, input=data, capture_output=True, timeout=60, check=False, env=environment)
        if done.returncode != 0:
            raise RuntimeError(f"{language} {mode} {action}: {done.stderr.decode()}")
        return json.loads(done.stdout)


def matrix(checks: Checks, store: Store) -> Claims:
    """Every writer and every reader, bare and wrapped."""
    everybody = [(language, mode) for language in store.programs for mode in ("bare", "wrapped")]
    payloads = {writer: payloads_of(writer) for writer in everybody}
    written = {
        writer: store.ask(*writer, "store", [text_of(each) for each in payloads[writer]]) for writer in everybody
    }
    claims = [claim for each in written.values() for claim in each]
    # Of the last writer, which is wrapped, with another hash in one spelling: nothing is read.
    contradiction = {**claims[-1], "hashValue": "0" * 64}
    for reader in everybody:
        *outcomes, refused = store.ask(*reader, "retrieve", [*claims, contradiction])
        for writer in everybody:
            count = len(payloads[writer])
            found, outcomes = outcomes[:count], outcomes[count:]
            judge(checks, writer, reader, found)
        if reader[1] == "wrapped":
            text = refused.get("error", "")
            checks.that(
                f"{reader[0]} refuses two hashes that disagree", "hash_value and hashValue disagree" in text, refused
            )
    for (language, mode), each in written.items():
        if mode == "wrapped":
            names = {"hash_algorithm", "hash_value", "hashAlgorithm", "hashValue", "bucket", "key"}
            names |= {"object", "object_name"} if store.name == "gcs" else set()
            checks.that(f"claims of {language}, wrapped, have {len(names)} keys", set(each[0]) == names, set(each[0]))
    return written


def command_line(checks: Checks, store: Store, tdc: Path, folder: Path, written: Claims) -> None:
    """`tdc decode --storage` puts in the place of each reference what any driver stored, wrapped or not."""
    kind = "gcs: {" if store.name == "gcs" else "s3: { region: us-east-1, path_style: true,"
    configuration = folder / f"tdc-{store.name}.yaml"
    configuration.write_text(
        "version: 1\nstorage:\n  stores:\n"
        f"    driver: {{ {kind} endpoint: {store.endpoint} }}, buckets: [{BUCKET}] }}\n"
    )
    command = [str(tdc), "decode", "--storage", "--config", str(configuration), "--namespace", NAMESPACE]
    environment = {**os.environ, **store.environment}
    for writer, claims in written.items():
        references = [Payload(metadata=REFERENCE, data=data_of(claim)) for claim in claims]
        document = MessageToJson(Payloads(payloads=references))
        done = subprocess.run(
            command, input=document.encode(), capture_output=True, timeout=60, check=False, env=environment
        )
        found = Parse(done.stdout, Payloads()).payloads if done.returncode == 0 else []
        checks.that(f"{' '.join(writer)} -> tdc decode --storage", list(found) == payloads_of(writer), done.stderr)
    # Another object's hash, and an object that is not there.
    claims = [claim for each in written.values() for claim in each]
    # Of the last writer, which is wrapped: the key under every name that it has.
    last = claims[-1]
    names = {"key", "object", "object_name"} & set(last)
    missing = {name: f"{last[name][:-4]}0000" for name in names}
    wrong = {
        "another hash": {**claims[0], "hash_value": "0" * 64, "hashValue": "0" * 64},
        "a missing object": {**last, **missing},
    }
    for what, claim in wrong.items():
        document = MessageToJson(Payloads(payloads=[Payload(metadata=REFERENCE, data=data_of(claim))]))
        done = subprocess.run(
            command, input=document.encode(), capture_output=True, timeout=60, check=False, env=environment
        )
        refused = done.returncode == 1 and b"TDC_ERR_REFERENCE" in done.stderr and not done.stdout
        checks.that(f"tdc decode --storage refuses {what}", refused, done.stderr)


def data_of(claim: dict[str, str]) -> bytes:
    """The message of a reference."""
    return json.dumps({"driverName": "driver", "claimData": claim}).encode()


def text_of(payload: Payload) -> str:
    """A payload in the JSON that the programs read."""
    return base64.b64encode(payload.SerializeToString()).decode()


def judge(checks: Checks, writer: tuple[str, str], reader: tuple[str, str], found: list[dict[str, str]]) -> None:
    """Equal payloads; or, where neither side is wrapped and they spell claims differently, the SDK's error."""
    what = f"{' '.join(writer)} -> {' '.join(reader)}"
    if "wrapped" in (writer[1], reader[1]) or SPELLINGS[writer[0]] == SPELLINGS[reader[0]]:
        same = [Payload.FromString(base64.b64decode(each.get("payload", ""))) for each in found] == payloads_of(writer)
        checks.that(what, same, [each.get("error") for each in found])
    else:
        errors = {each.get("error", "").split("[")[0] for each in found}
        checks.that(f"{what}: {', '.join(errors)}", all(errors) and len(errors) == 1, "the SDKs understand each other")


def main() -> int:
    """Both stores, one after the other."""
    parser = argparse.ArgumentParser()
    for name in ("--versitygw", "--fake-gcs-server", "--go", "--python", "--typescript", "--tdc", "--folder"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    here = Path(__file__).parent
    python = [sys.executable, "-B", str(here / "python" / "participant.py")]
    go = [str(given.go)] if given.go else []
    typescript = ["node", str(given.typescript)] if given.typescript else []
    participants = {"go": go, "python": python, "typescript": typescript}
    programs = {name: program for name, program in participants.items() if program}
    checks = Checks()

    (given.folder / "s3" / BUCKET).mkdir(parents=True)
    (given.folder / "metadata").mkdir()
    listen = f"127.0.0.1:{free_port()}"
    endpoint = f"http://{listen}"
    command = store_servers.versitygw(given.versitygw, listen, given.folder / "s3", given.folder / "metadata")
    print("Amazon S3 (versitygw)", flush=True)
    with server(command, endpoint, given.folder / "versitygw.log"):
        store = Store("s3", endpoint, programs, store_servers.s3_credentials())
        command_line(checks, store, given.tdc, given.folder, matrix(checks, store))
        buckets.check(checks, given.tdc, given.folder / "s3-exports", "s3", endpoint)

    (given.folder / "gcs" / BUCKET).mkdir(parents=True)
    listen = f"127.0.0.1:{free_port()}"
    endpoint = f"http://{listen}"
    command = store_servers.fake_gcs_server(given.fake_gcs_server, listen, given.folder / "gcs")
    print("Google Cloud Storage (fake-gcs-server)", flush=True)
    with server(command, endpoint, given.folder / "fake-gcs-server.log"):
        store = Store("gcs", endpoint, programs, {})
        command_line(checks, store, given.tdc, given.folder, matrix(checks, store))
        buckets.check(checks, given.tdc, given.folder / "gcs-exports", "gs", endpoint)

    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
