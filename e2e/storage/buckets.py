"""Exports in a bucket, which the command line reads where they are."""

import json
import os
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import boto3  # type: ignore[import-untyped]  # it has no types
from harness import store_servers
from harness.checks import Checks

BUCKET = "orders"
ROOT = "temporal-workflow-history/export"
CONFIGURATION = """\
version: 1
keys: { primary: k, ring: { k: { insecure_inline: dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } } }
codecs: [encrypt]
namespaces: [{ match: orders.a1b2c }]
"""
#: More than a store lists at once.
MANY = 1050

Put = Callable[[str, bytes], None]


def s3_client(endpoint: str) -> Put:
    """Stores objects by Amazon's client."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=store_servers.ACCESS,
        aws_secret_access_key=store_servers.SECRET,
    )

    def put(key: str, data: bytes) -> None:
        client.put_object(Bucket=BUCKET, Key=key, Body=data)

    return put


def gcs_client(endpoint: str) -> Put:
    """Stores objects by Google's JSON API."""

    def put(key: str, data: bytes) -> None:
        query = urllib.parse.urlencode({"uploadType": "media", "name": key})
        url = f"{endpoint}/upload/storage/v1/b/{BUCKET}/o?{query}"
        with urllib.request.urlopen(urllib.request.Request(url, data=data, method="POST"), timeout=60) as answer:
            answer.read()

    return put


def export(index: int, length: int) -> bytes:
    """An export as JSON, with one history whose payload has some length."""
    payload = {"metadata": {"encoding": "YmluYXJ5L3BsYWlu"}, "data": "QUJD" * length}
    attributes = {"input": {"payloads": [payload]}, "originalExecutionRunId": f"run-{index}"}
    event = {"eventId": "1", "workflowExecutionStartedEventAttributes": attributes}
    return json.dumps({"items": [{"history": {"events": [event]}}]}, separators=(",", ":")).encode()


class CommandLine:
    """`tdc` in a folder, with the variables that name a store."""

    def __init__(self, tdc: Path, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self._tdc = tdc.resolve()
        self._environment = {**os.environ, **variables}

    def run(self, *arguments: str, data: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
        """What it answers."""
        return subprocess.run(
            [str(self._tdc), *arguments],
            input=data,
            capture_output=True,
            timeout=120,
            check=False,
            cwd=self.folder,
            env={**self._environment, **more},
        )


def check(checks: Checks, tdc: Path, folder: Path, scheme: str, endpoint: str) -> None:
    """`tdc history decode`, `tdc rewrap` and `tdc keys used` read `s3://` and `gs://`."""
    folder.mkdir(parents=True)
    (folder / "tdc.yaml").write_text(CONFIGURATION)
    variables = {"AWS_ENDPOINT_URL_S3": endpoint, **store_servers.s3_credentials()}
    if scheme == "gs":
        variables = {"STORAGE_EMULATOR_HOST": endpoint}
    command_line = CommandLine(tdc, folder, variables)
    put = {"s3": s3_client, "gs": gcs_client}[scheme](endpoint)

    # The last is larger than the parts in which objects are fetched.
    names = ["11/30/02/40/a.json", "11/30/02/40/größer +&%41.json", "12/01/00/00/c.json"]
    plain = {f"orders.a1b2c/2026/{name}": export(at, [1, 1, 4_000_000][at]) for at, name in enumerate(names)}
    encoded = {
        name: command_line.run("history", "encode", "--namespace", "orders.a1b2c", data=data).stdout
        for name, data in plain.items()
    }
    for name, data in encoded.items():
        put(f"{ROOT}/{name}", data)
    put("temporal-workflow-history/export-eu/x", b"of another folder")

    address = f"{scheme}://{BUCKET}/{ROOT}"
    decode = ("history", "decode", "--jobs", "2", "--namespace-from-path", "--output", "made", address)
    done = command_line.run(*decode)
    made = {str(file.relative_to(folder / "made")) for file in (folder / "made").rglob("*.json")}
    checks.equal(f"{scheme}: names of what was decoded", made, set(plain))
    same = done.returncode == 0 and all((folder / "made" / name).read_bytes() == plain[name] for name in made)
    checks.that(f"{scheme}: exports are decoded where they are", same, done.stderr)
    left = [file.name for file in (folder / "made").rglob(".tdc-*") if file.name != ".tdc-inputs"]
    checks.equal(f"{scheme}: no copies are left", left, [])
    done = command_line.run(*decode)
    checks.that(f"{scheme}: what is done is skipped", b"3 file(s) skipped" in done.stderr, done.stderr)
    first = next(iter(encoded))
    put(f"{ROOT}/{first}", encoded[first] + b" ")
    done = command_line.run(*decode)
    noticed = done.returncode == 1 and b"was made of another version of this file" in done.stderr
    checks.that(f"{scheme}: an object that was replaced is noticed", noticed, done.stderr)

    pattern = f"{scheme}://{BUCKET}/{ROOT}/*/2026/11/**"
    done = command_line.run("history", "decode", "--namespace-from-path", "--output", "november", pattern)
    checks.that(f"{scheme}: a pattern chooses", b"in 2 file(s); 0 file(s) skipped" in done.stderr, done.stderr)
    one = command_line.run("history", "decode", "--namespace-from-path", f"{address}/{first}")
    checks.that(f"{scheme}: one object to standard output", one.stdout.strip() == plain[first], one.stderr)
    done = command_line.run("rewrap", "--to", "tdc.yaml", "--namespace-from-path", "--output", "new", address)
    checks.that(f"{scheme}: rewrap", b"3 of 3 payloads changed in 3 file(s)" in done.stderr, done.stderr)

    for number in range(MANY):
        put(f"many/{number:04}", encoded[first])
    done = command_line.run("keys", "used", "--json", f"{scheme}://{BUCKET}/many")
    found = json.loads(done.stdout or "{}")
    checks.equal(f"{scheme}: all pages of a listing", (found.get("files"), found.get("payloads")), (MANY, MANY))
    put("odd/a\\b", encoded[first])
    done = command_line.run("history", "decode", "--output", "odd", f"{scheme}://{BUCKET}/odd")
    checks.that(f"{scheme}: a key that cannot be a path", b"its key has a backslash" in done.stderr, done.stderr)
    done = command_line.run("keys", "used", f"{scheme}://nowhere-at-all/a")
    checks.that(f"{scheme}: a bucket that is not there", b"no such bucket" in done.stderr, done.stderr)
    if scheme == "s3":
        done = command_line.run("keys", "used", address, AWS_SECRET_ACCESS_KEY="another")
        refused = b"403" in done.stderr and b"another" not in done.stderr
        checks.that("s3: a wrong key is refused", refused, done.stderr)
