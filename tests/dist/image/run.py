"""Runs the OCI image of a layout the way a container runtime would, as far as a chroot goes.

``run.py LAYOUT FOLDER VERSION``: unpacks the image for this machine below FOLDER, and starts it
read-only, as its user, with its environment, entry point and command. Exit status 77 says that this
machine lets nobody do so.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from image import unpack

CONFIG = "version: 1\nkeys: { primary: k, ring: { k: { file: k.key, permissions: any } } }\ncodecs: [zstd, encrypt]\n"
BODY = b'{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlRlc3Rpbmci"}]}'


def inside(root: Path, run: dict[str, Any]) -> list[str]:
    """The command that runs others in the image: a root of its own that cannot be written."""
    assert run["User"] == "65532:65532", run
    command = ["unshare", "--mount"]
    user = [f"--userspec={run['User']}"]
    if os.geteuid():
        command += ["--user", "--map-root-user"]
        user = []
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && root=$0 && exec "$@"'
    chroot = shutil.which("chroot", path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or "chroot"
    return [*command, "sh", "-c", script, str(root), chroot, *user, str(root)]


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def post(url: str, body: bytes) -> bytes:
    """Posts JSON."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        content: bytes = response.read()
        return content


def main(layout: Path, folder: Path, version: str) -> None:
    """Checks that the server answers, that its health check works, and that it stops."""
    run = unpack(layout, folder, version)
    enter = inside(folder, run)
    environment = dict(each.split("=", 1) for each in run["Env"])
    authorities = folder / environment["SSL_CERT_FILE"].lstrip("/")
    assert authorities.read_text().count("BEGIN CERTIFICATE") > 50
    settings = folder / run["WorkingDir"].lstrip("/")  # what a user mounts
    (settings / "tdc.yaml").write_text(CONFIG)
    (settings / "k.key").write_bytes(b"A" * 43 + b"=\n")

    def tdc(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*enter, *run["Entrypoint"], *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    shown = tdc("--version")
    if shown.returncode and "unshare:" in shown.stderr:
        print(f"the image cannot be run here: {shown.stderr.strip()}", file=sys.stderr)
        sys.exit(77)
    assert shown.stdout.startswith(f"tdc {version}"), shown
    refused = tdc("keygen", "/etc/tdc/another.key")
    assert "Read-only file system" in refused.stderr or "Permission denied" in refused.stderr, refused

    address = f"127.0.0.1:{free_port()}"
    command = [*enter, *run["Entrypoint"], *run["Cmd"], "--config", f"{run['WorkingDir']}/tdc.yaml", "--listen", address]
    health = run["Healthcheck"]["Test"]
    assert health == ["CMD", *run["Entrypoint"], "health"], health
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 30
            while (asked := tdc(*health[2:], f"http://{address}/healthz")).returncode:
                assert server.poll() is None and time.monotonic() < deadline, asked.stderr
            encoded = post(f"http://{address}/encode", BODY)
            assert b"YmluYXJ5L2VuY3J5cHRlZA==" in encoded, encoded
            assert json.loads(post(f"http://{address}/decode", encoded)) == json.loads(BODY)
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0
        finally:
            server.kill()
    asked = tdc("health", f"http://{address}/healthz")
    assert asked.returncode == 1 and "TDC_ERR_REMOTE" in asked.stderr, asked


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
