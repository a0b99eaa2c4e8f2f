"""Follows docs/howto/codec-server.md, "In Kubernetes", on a real API server, and looks at what it has then.

`scripts/test-kubernetes` builds everything and runs this.
"""

import argparse
import base64
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cluster
import kubelet
import refusals
from options import everything
from page import Step, sections
from test_start import Reader
from waiting import until

from harness.processes import free_port, server

PAGE = "docs/howto/codec-server.md"
IMAGE, MANIFESTS, CHART, AFTERWARDS = "The image", "With the manifests", "With the chart", "Afterwards"


class Followed:
    """One who follows the page: what is typed, and what the cluster then has."""

    def __init__(self, reader: Reader, registry: str, clone: Path, pushed: bool, pods: bool) -> None:
        """Take the reader, who has the cluster's kubeconfig."""
        self.reader = reader
        self.clone = clone
        self.steps = sections(clone / PAGE, registry)
        self._pushed = pushed
        self._pods_run = pods
        self.typed = 0

    def objects(self, name: str) -> dict[str, Any]:
        """What the API server has under a name or a selector."""
        found: dict[str, Any] = json.loads(self.reader.types(f"kubectl get {name} -o json"))
        return found

    def section(self, name: str) -> list[str]:
        """Does what a section says, and returns what each command printed. None may have a warning."""
        return [said for step in self.steps[name] if (said := self._does(step)) is not None]

    def _does(self, step: Step) -> str | None:
        if step.file:
            (self.reader.folder / step.file).write_text(step.body)
            return None
        said = self.reader.types(step.command)
        assert "arning" not in said, f"{step.command}: {said}"
        self.typed += 1
        return said

    def has_pods(self, selector: str, count: int) -> dict[str, Any]:
        """The first of the pods that the controllers made, once all of them are there."""
        pods: list[dict[str, Any]] = until(
            lambda: found if len(found := self._pods(selector)) == count else None,
            lambda: self.reader.types("kubectl get replicasets,pods,events"),
        )
        return pods[0]

    def _pods(self, selector: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.objects(f"pods -l {selector}")["items"]
        return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]

    def has_files(self, secret: str, *names: str) -> None:
        """A secret has these files and no others."""
        data = {name: base64.b64decode(value) for name, value in self.objects(f"secret/{secret}")["data"].items()}
        assert data == {name: (self.reader.folder / name).read_bytes() for name in names}, secret

    def runs(self, pod: dict[str, Any], version: str, image: str) -> None:
        """The pod's own image, files and process: alive, ready, and decoding for whom the rules allow."""
        assert pod["spec"]["containers"][0]["image"] == image, pod
        if not self._pods_run:
            return
        place = self.reader.folder.parent
        pulled = place / "pulled"
        shutil.rmtree(pulled, ignore_errors=True)
        if self._pushed:
            self.reader.types(f"skopeo copy --all docker://{image} oci:{pulled}:{version}")
        kubelet.run(pod, self.objects, pulled if self._pushed else self.clone / "dist/oci", version, place / "pod")


def manifests(page: Followed, version: str, image: str) -> None:
    """The plain manifests."""
    page.section(MANIFESTS)
    page.has_files("tdc", "tdc.yaml", "orders.key")
    deployment = page.objects("deployment/tdc")
    assert deployment["spec"]["replicas"] == 2
    # The manifests', the image's and the restart's.
    until(lambda: len(page.objects("replicasets -l app=tdc")["items"]) == 3, lambda: "fewer ReplicaSets")
    page.runs(newest(page, "app=tdc", image), version, image)
    assert page.objects("service/tdc")["spec"]["ports"][0]["targetPort"] == "http"
    # The chart has objects of the same names.
    page.reader.types('kubectl delete -f "$TDC"/deploy/kubernetes/tdc.yaml')
    page.reader.types("kubectl delete secret tdc")


def newest(page: Followed, selector: str, image: str) -> dict[str, Any]:
    """A pod with this image: the change of the image makes new ones, beside old ones that are not ready."""

    def found() -> dict[str, Any] | None:
        pods = page.objects(f"pods -l {selector}")["items"]
        return next((pod for pod in pods if pod["spec"]["containers"][0]["image"] == image), None)

    pod: dict[str, Any] = until(found, lambda: page.reader.types("kubectl get replicasets,pods,events"))
    return pod


def chart(page: Followed, version: str, image: str) -> None:
    """The chart: with the page's values, with everything that can be enabled, and gone again."""
    said = page.section(CHART)
    assert "STATUS: deployed" in said[1], said
    assert "REVISION: 2" in said[2], said
    page.has_files("tdc-keys", "orders.key")
    selector = "app.kubernetes.io/instance=tdc"
    page.runs(page.has_pods(selector, 2), version, image)
    assert page.objects("poddisruptionbudget/tdc")["spec"]["minAvailable"] == 1

    everything(page.reader)
    pod: dict[str, Any] = until(
        lambda: next((pod for pod in page.objects(f"pods -l {selector}")["items"] if has_tls(pod)), None), str
    )
    page.runs(pod, version, image)
    for kind in ("horizontalpodautoscaler", "networkpolicy", "servicemonitor"):
        assert page.objects(f"{kind}/tdc")["metadata"]["labels"]["app.kubernetes.io/instance"] == "tdc"
    page.reader.types("helm uninstall tdc")
    left = "deployments,services,secrets,serviceaccounts,poddisruptionbudgets,horizontalpodautoscalers,networkpolicies"
    assert not page.objects(f"{left} -l {selector}")["items"]
    page.has_files("tdc-keys", "orders.key")


def has_tls(pod: dict[str, Any]) -> bool:
    """Whether a pod has the certificate's volume."""
    return any(volume["name"] == "tls" for volume in pod["spec"]["volumes"])


def trusts(home: Path, registry: str) -> None:
    """A registry without TLS, which is one of loopback."""
    settings = home / ".config" / "containers"
    settings.mkdir(parents=True)
    (settings / "registries.conf").write_text(f'[[registry]]\nlocation = "{registry}"\ninsecure = true\n')


def main() -> int:
    """Everything on one cluster."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--tdc", type=Path, required=True)
    parser.add_argument("--helm", type=Path, required=True)
    parser.add_argument("--skopeo", action="store_true")
    parser.add_argument("--pods", action="store_true")
    parser.add_argument("--clone", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    programs: Path = given.programs
    reader = Reader(given.folder, given.clone, [programs / "kubectl", programs / "crane", given.tdc, given.helm])
    reader.types("export TDC=$PWD")
    reader.leaves_the_clone()
    port = free_port()
    registry = f"127.0.0.1:{port}"
    image = f"{registry}/tdc:{given.version}"
    serves = [str(programs / "crane"), "registry", "serve", "--address", registry]
    trusts(given.folder / "home", registry)
    with (
        server(serves, f"http://{registry}/v2/", given.folder / "registry.log"),
        cluster.started(programs, given.folder / "cluster", given.folder / "home"),
    ):
        page = Followed(reader, registry, given.clone, given.skopeo, given.pods)
        steps: list[tuple[str, Callable[[], object]]] = [
            (MANIFESTS, lambda: manifests(page, given.version, image)),
            (CHART, lambda: chart(page, given.version, image)),
            ("what must be refused", lambda: refusals.check(reader)),
        ]
        if given.skopeo:
            steps.insert(0, (IMAGE, lambda: page.section(IMAGE)))
        for name, step in steps:
            step()
            print(f"kubernetes: {name}: as expected", flush=True)
    assert set(page.steps) == {IMAGE, MANIFESTS, CHART, AFTERWARDS}, page.steps.keys()
    print(f"kubernetes: {page.typed} commands of {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
