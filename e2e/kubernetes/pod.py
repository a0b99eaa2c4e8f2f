"""Runs a pod's container as its specification says, in a root and a network of its own, and probes it.

`pod.py FOLDER IMAGE VERSION`, started by `kubelet` below `unshare --mount --net`: FOLDER has
pod.json and its volumes, IMAGE is the layout of its image.
"""

import ctypes
import fcntl
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from image import unpack
from login import HOST, Login

#: What kubelet asks by, and a host name that the server is not told of.
POD_ADDRESS = "10.244.0.7"
PAYLOADS = b'{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"IlRlc3Rpbmci"}]}'
NO_NEW_PRIVILEGES = 38
SECONDS = 30


class Container:
    """The one container of a pod."""

    def __init__(self, folder: Path, image: Path, version: str) -> None:
        """Unpacks its image and mounts its volumes."""
        self.pod = json.loads((folder / "pod.json").read_text())["spec"]
        (self.container,) = self.pod["containers"]
        self._root = folder / "root"
        self._image = unpack(image, self._root, version)
        self.login = Login(folder)
        authorities = dict(each.split("=", 1) for each in self._image["Env"])["SSL_CERT_FILE"]
        _mount(self.login.certificate, self._root / authorities.lstrip("/"))
        (self._root / "etc/hosts").write_text(f"127.0.0.1 localhost {HOST}\n")
        for mount in self.container["volumeMounts"]:
            assert mount["readOnly"], mount
            _mount(folder / "volumes" / mount["name"], self._root / mount["mountPath"].lstrip("/"))
        assert self.container["securityContext"]["readOnlyRootFilesystem"]
        _mount(self._root, self._root)

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Starts it, with `args` in the place of the image's command."""
        command = [*self._image["Entrypoint"], *self.container["args"]]
        with log.open("wb") as out:
            # No thread is there before it.
            return subprocess.Popen(command, env=self._environment(), stdout=out, stderr=out, preexec_fn=self._enter)  # noqa: PLW1509

    def _environment(self) -> dict[str, str]:
        named = {each["name"]: each["value"] for each in self.container.get("env", [])}
        return dict(each.split("=", 1) for each in self._image["Env"]) | named

    def _enter(self) -> None:
        """Its root and its user, without a way to get more rights."""
        security = self.pod["securityContext"]
        assert security["runAsNonRoot"]
        os.chroot(self._root)
        os.chdir("/")
        os.setgroups([security["fsGroup"]] if "fsGroup" in security else [])
        # Without runAsGroup it is the group of this user in the image.
        os.setgid(security.get("runAsGroup", security["runAsUser"]))
        os.setuid(security["runAsUser"])
        assert not self.container["securityContext"]["allowPrivilegeEscalation"]
        assert ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0

    def ask(self, probe: dict[str, Any], body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """The answer to a request as of the probe `httpGet`, or of somebody at the same address."""
        (port,) = (each["containerPort"] for each in self.container["ports"] if each["name"] == probe["port"])
        url = f"{probe['scheme'].lower()}://127.0.0.1:{port}{probe['path']}"
        request = urllib.request.Request(url, body, {"Host": f"{POD_ADDRESS}:{port}", **headers})
        # Kubelet does not verify either.
        unverified = ssl._create_unverified_context()  # noqa: SLF001
        try:
            with urllib.request.urlopen(request, timeout=5, context=unverified) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except urllib.error.URLError as error:
            return 0, str(error.reason).encode()


def _mount(source: Path, target: Path) -> None:
    """A file or folder at another place, where nobody can write it."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    for options in (["--rbind", str(source)], ["-o", "remount,bind,ro"]):
        subprocess.run(["mount", *options, str(target)], check=True)


def _loopback_up() -> None:
    """A new network has loopback, and it is down."""
    set_flags, up = 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh", b"lo", up) + bytes(22))


def main(folder: Path, image: Path, version: str) -> None:
    """Alive, not ready without the provider's keys, ready with them; decodes for whom the rules allow; stops."""
    _loopback_up()
    container = Container(folder, image, version)
    log = folder / "container.log"
    alive, ready = (container.container[name]["httpGet"] for name in ("livenessProbe", "readinessProbe"))
    process = container.start(log)

    def expect(status: int, probe: dict[str, Any], body: bytes | None = None, **headers: str) -> bytes:
        deadline = time.monotonic() + SECONDS
        while (answer := container.ask(probe, body, **headers))[0] != status:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"pod: {probe['path']}: expected {status}, found {answer}; its log:\n{log.read_text()}")
            time.sleep(0.2)
        return answer[1]

    try:
        expect(200, alive)
        assert container.ask(ready)[0] == 503
        container.login.serve()
        expect(200, ready)
        decode = ready | {"path": "/decode"}
        json_body = {"Content-Type": "application/json"}
        expect(401, decode, PAYLOADS, **json_body)
        ada, eve = (f"Bearer {container.login.token(f'ada@{host}')}" for host in ("example.com", "example.org"))
        assert expect(200, decode, PAYLOADS, Authorization=ada, **json_body)
        expect(403, decode, PAYLOADS, Authorization=eve, **json_body)
        expect(403, ready | {"path": "/encode"}, PAYLOADS, Authorization=ada, **json_body)
        process.terminate()
        assert process.wait(container.pod["terminationGracePeriodSeconds"]) == 0, log.read_text()
    finally:
        process.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
