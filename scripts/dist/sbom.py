"""Writes a CycloneDX SBOM of a crate: what cargo links into it for one platform.

sbom.py PACKAGE KIND TRIPLE OUT, where KIND is library or application.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


def metadata(triple: str) -> dict[str, Any]:
    """Gives what cargo knows of the workspace, for one platform."""
    command = (
        "cargo",
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        triple,
    )
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def linked(nodes: dict[str, Any], procedural: set[str], root: str) -> dict[str, list[str]]:
    """Gives each crate that is linked into `root`, with those that it needs itself."""
    found: dict[str, list[str]] = {}
    waiting = [root]
    while waiting:
        this = waiting.pop()
        if this in found:
            continue
        # Crates of builds and tests, and those that run in the compiler, are in no file.
        found[this] = sorted(
            dependency["pkg"]
            for dependency in nodes[this]["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])
            and dependency["pkg"] not in procedural
        )
        waiting += found[this]
    return found


def component(
    package: dict[str, Any], kind: str, checksums: dict[tuple[str, str], str]
) -> dict[str, Any]:
    """Describes one crate."""
    name, version = package["name"], package["version"]
    described = {
        "type": kind,
        "bom-ref": f"pkg:cargo/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:cargo/{name}@{version}",
    }
    if package["license"]:
        described["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if checksum := checksums.get((name, version)):
        described["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        described["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return described


def lock_checksums() -> dict[tuple[str, str], str]:
    """Reads the checksums of Cargo.lock."""
    checksums = {}
    for block in Path("Cargo.lock").read_text(encoding="utf-8").split("[[package]]")[1:]:
        fields = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
        if "checksum" in fields:
            key = json.loads(fields["name"]), json.loads(fields["version"])
            checksums[key] = json.loads(fields["checksum"])
    return checksums


def main(name: str, kind: str, triple: str, out: str) -> None:
    """Writes the file."""
    known = metadata(triple)
    packages = {package["id"]: package for package in known["packages"]}
    root = next(
        package["id"]
        for package in known["packages"]
        if package["name"] == name and package["id"] in known["workspace_members"]
    )
    procedural = {
        package["id"]
        for package in known["packages"]
        if any("proc-macro" in target["kind"] for target in package["targets"])
    }
    graph = linked({node["id"]: node for node in known["resolve"]["nodes"]}, procedural, root)
    checksums = lock_checksums()
    time = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
    ref = {id_: f"pkg:cargo/{packages[id_]['name']}@{packages[id_]['version']}" for id_ in graph}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time.isoformat().replace("+00:00", "Z"),
            "component": component(packages[root], kind, checksums),
            "properties": [{"name": "cdx:rustc:sbom:target:triple", "value": triple}],
        },
        "components": [
            component(packages[id_], "library", checksums)
            for id_ in sorted(graph, key=ref.__getitem__)
            if id_ != root
        ],
        "dependencies": [
            {"ref": ref[id_], "dependsOn": sorted(ref[needed] for needed in graph[id_])}
            for id_ in sorted(graph, key=ref.__getitem__)
        ],
    }
    Path(out).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


main(*sys.argv[1:])
