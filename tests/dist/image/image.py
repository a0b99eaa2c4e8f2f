"""Unpacks the image of this machine from an OCI image layout."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path
from typing import Any

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def blob(layout: Path, descriptor: dict[str, Any]) -> bytes:
    """What a descriptor names, which has the size and the SHA-256 that it says."""
    algorithm, digest = descriptor["digest"].split(":")
    content: bytes = (layout / "blobs" / algorithm / digest).read_bytes()
    assert hashlib.sha256(content).hexdigest() == digest, descriptor
    assert len(content) == descriptor["size"], descriptor
    return content


def unpack(layout: Path, root: Path, version: str) -> dict[str, Any]:
    """Unpacks the image of this machine, and returns how it is run."""
    (tagged,) = json.loads((layout / "index.json").read_text())["manifests"]
    assert tagged["annotations"]["org.opencontainers.image.ref.name"] == version
    images = json.loads(blob(layout, tagged))["manifests"]
    here = ARCHITECTURES[platform.machine()]
    (image,) = (each for each in images if each["platform"] == {"os": "linux", "architecture": here})
    manifest = json.loads(blob(layout, image))
    config = json.loads(blob(layout, manifest["config"]))
    assert config["architecture"] == here
    for descriptor in manifest["layers"]:
        with tarfile.open(fileobj=io.BytesIO(blob(layout, descriptor))) as layer:
            assert all(member.uid == member.gid == 0 and not member.mode & 0o022 for member in layer)
            layer.extractall(root)
    run: dict[str, Any] = config["config"]
    return run
