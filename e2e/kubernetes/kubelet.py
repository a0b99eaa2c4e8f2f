"""What a node does for one pod, as far as it goes without one: its image, its volumes, its process."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Objects = Callable[[str], dict[str, Any]]


def run(pod: dict[str, Any], objects: Objects, image: Path, version: str, folder: Path) -> None:
    """Run a pod that the API server has: `objects` gets what it names; `image` is a layout of its image.

    It has a network of its own, so nothing here can be in its way.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    group = pod["spec"]["securityContext"].get("fsGroup")
    for volume in pod["spec"]["volumes"]:
        secret = objects(f"secret/{volume['secret']['secretName']}")
        _secret(folder / "volumes" / volume["name"], secret["data"], volume["secret"]["defaultMode"], group)
    (folder / "pod.json").write_text(json.dumps(pod))
    command = [
        "unshare",
        "--mount",
        "--net",
        sys.executable,
        "-B",
        str(HERE / "pod.py"),
        str(folder),
        str(image),
        version,
    ]
    subprocess.run(command, check=True)


def _secret(place: Path, data: dict[str, str], mode: int, group: int | None) -> None:
    """Files as kubelet writes them: a folder that a link names, so that all change at once."""
    version = place / "..2026"
    version.mkdir(parents=True)
    (place / "..data").symlink_to(version.name)
    for name, value in data.items():
        file = version / name
        file.write_bytes(base64.b64decode(value))
        file.chmod(mode)
        if group is not None:
            os.chown(file, 0, group)
            file.chmod(mode | 0o440)
        (place / name).symlink_to(f"..data/{name}")
