"""A Kubernetes cluster without nodes: etcd, the API server and the controllers, on loopback.

Everything is judged as in any cluster: fields, admission, what controllers make. No pod runs here;
`kubelet` does for one pod what a node does.
"""

import contextlib
import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from harness.processes import PATIENCE, free_port, server

#: So that the controllers see a namespace's pods refused as any cluster refuses them.
ENFORCED = "pod-security.kubernetes.io/enforce=restricted"
WARNED = "pod-security.kubernetes.io/warn=restricted"


@contextlib.contextmanager
def started(programs: Path, folder: Path, home: Path) -> Iterator[None]:
    """The cluster, and in a home its administrator's kubeconfig, which every `kubectl` there finds."""
    folder.mkdir()
    etcd, api = free_port(), free_port()
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f"{token},reader,reader,system:masters\n")
    accounts = folder / "accounts.key"
    subprocess.run(["openssl", "genrsa", "-out", accounts, "2048"], check=True, capture_output=True)
    kubeconfig = home / ".kube" / "config"
    kubeconfig.parent.mkdir()
    kubeconfig.write_text(_kubeconfig(f"https://127.0.0.1:{api}", token))
    kubeconfig.chmod(0o600)
    with (
        server(_etcd(programs, folder, etcd), f"http://127.0.0.1:{etcd}/health", folder / "etcd.log"),
        server(_api(programs, folder, etcd, api, accounts), f"http://127.0.0.1:{etcd}/health", folder / "api.log"),
    ):
        kubectl = [str(programs / "kubectl"), f"--kubeconfig={kubeconfig}"]
        _wait([*kubectl, "get", "--raw", "/readyz"], folder / "api.log")
        controllers = [
            str(programs / "kube-controller-manager"),
            f"--kubeconfig={kubeconfig}",
            f"--service-account-private-key-file={accounts}",
            f"--root-ca-file={folder / 'apiserver.crt'}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            "--secure-port=0",
        ]
        with server(controllers, f"http://127.0.0.1:{etcd}/health", folder / "controllers.log"):
            # Pods are refused before it is there.
            _wait([*kubectl, "get", "serviceaccount", "default"], folder / "controllers.log")
            subprocess.run(
                [*kubectl, "label", "namespace", "default", ENFORCED, WARNED], check=True, capture_output=True
            )
            yield


def _etcd(programs: Path, folder: Path, port: int) -> list[str]:
    peers = free_port()
    return [
        str(programs / "server"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{port}",
        f"--advertise-client-urls=http://127.0.0.1:{port}",
        f"--listen-peer-urls=http://127.0.0.1:{peers}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peers}",
        f"--initial-cluster=default=http://127.0.0.1:{peers}",
        "--unsafe-no-fsync",
    ]


def _api(programs: Path, folder: Path, etcd: int, port: int, accounts: Path) -> list[str]:
    return [
        str(programs / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/24",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={accounts}",
        f"--service-account-signing-key-file={accounts}",
        # Its own address would have to be one that pods reach.
        "--endpoint-reconciler-type=none",
    ]


def _kubeconfig(address: str, token: str) -> str:
    """In JSON, which is YAML. The API server makes its certificate itself, after this is written."""
    cluster = {"server": address, "insecure-skip-tls-verify": True}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "reader", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "reader"}}],
            "current-context": "test",
        }
    )


def _wait(command: list[str], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(command, check=False, capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{' '.join(command[2:])} does not succeed: see {log}")
        time.sleep(0.5)
