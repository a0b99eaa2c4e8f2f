"""Everything that the chart's values can enable."""

import json

from test_start import Reader

#: Stands for the one of Prometheus's operator, whose own type is in its repository alone.
SERVICE_MONITORS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "servicemonitors.monitoring.coreos.com"},
    "spec": {
        "group": "monitoring.coreos.com",
        "names": {"kind": "ServiceMonitor", "plural": "servicemonitors", "singular": "servicemonitor"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
VALUES = {
    "tls": {"secret": "tdc-tls"},
    "config": {"server": {"tls": {"cert": "/tls/tls.crt", "key": "/tls/tls.key"}, "behind_proxy": False}},
    "autoscaling": {"enabled": True},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {}}]},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "env": [{"name": "AWS_REGION", "value": "eu-central-1"}],
    "podLabels": {"team": "payments"},
    "podAnnotations": {"example.com/note": "x"},
    "imagePullSecrets": [{"name": "registry"}],
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/tdc"}},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 1,
                    "podAffinityTerm": {
                        "topologyKey": "kubernetes.io/hostname",
                        "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "tdc"}},
                    },
                }
            ]
        }
    },
    "topologySpreadConstraints": [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "tdc"}},
        }
    ],
}


def everything(reader: Reader) -> None:
    """Enables all of it, over the page's values, without a warning."""
    (reader.folder / "monitors.json").write_text(json.dumps(SERVICE_MONITORS))
    (reader.folder / "everything.json").write_text(json.dumps(VALUES))
    subject = "-subj /CN=tdc -addext subjectAltName=DNS:codec.example.com"
    reader.types(f"openssl req -x509 -newkey rsa:2048 -noenc -days 1 {subject} -keyout tls.key -out tls.crt")
    reader.types("kubectl create secret tls tdc-tls --cert=tls.crt --key=tls.key")
    reader.types(
        "kubectl apply -f monitors.json && kubectl wait --for=condition=established --timeout=60s -f monitors.json"
    )
    said = reader.types('helm upgrade tdc "$TDC"/dist/chart/tdc-*.tgz --values values.yaml --values everything.json')
    assert "arning" not in said, said
