"""What the API server and the chart must refuse: without it, what they accept would say nothing."""

from test_start import Reader
from waiting import until

MANIFESTS = '"$TDC"/deploy/kubernetes/tdc.yaml'
INSTALL = 'helm upgrade --install wrong "$TDC"/dist/chart/tdc-*.tgz --values values.yaml'


def check(reader: Reader) -> None:
    """Each command fails, and says why."""
    for command, why in (
        (f"sed s/readOnlyRootFilesystem/readOnlyRoot/ {MANIFESTS} | kubectl apply -f -", "unknown field"),
        (f"sed 's/memory: 1Gi/memory: plenty/' {MANIFESTS} | kubectl apply -f -", "quantities must match"),
        (f"{INSTALL} --set replicas=-1", "replicas"),
        (INSTALL.replace("upgrade --install", "template --kube-version 1.29.0"), "requires kubeVersion"),
        (f"{INSTALL} --set service.kind=NodePort", "additional properties 'kind' not allowed"),
        (f"{INSTALL} --set resources.limits.memory=plenty", "quantities must match"),
        (f"{INSTALL} --set podLabels.team=a/b/c", "Invalid value"),
    ):
        said = reader.types(f"! {command}")
        assert why in said, f"{command}: {said}"
    reader.types("kubectl delete deployment,service --ignore-not-found tdc; helm uninstall --ignore-not-found wrong")
    _privileges(reader)


def _privileges(reader: Reader) -> None:
    """Admission looks at pods: with more rights than these manifests ask for, none is made."""
    more = "s/allowPrivilegeEscalation: false/allowPrivilegeEscalation: true/"
    said = reader.types(f"sed '{more}' {MANIFESTS} | kubectl apply -f -")
    assert "Warning: would violate PodSecurity" in said, said
    until(lambda: "violates PodSecurity" in reader.types("kubectl get events"), lambda: "no event")
    assert not reader.types("kubectl get pods -l app=tdc -o name").strip()
    reader.types(f"kubectl delete -f {MANIFESTS}")
