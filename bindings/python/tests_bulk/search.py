"""Searches what a cluster leaves for secrets."""

from __future__ import annotations

import base64
import mmap
from collections.abc import Iterable
from pathlib import Path


def forms(secret: bytes) -> list[bytes]:
    """The bytes of a secret, and the texts that they may be written as."""
    standard = base64.b64encode(secret)
    return [
        secret,
        standard.rstrip(b"="),
        base64.urlsafe_b64encode(secret).rstrip(b"="),
        secret.hex().encode(),
        secret.hex().upper().encode(),
        repr(secret).encode(),
    ]


def files_with(roots: Iterable[Path], needles: Iterable[bytes]) -> tuple[list[Path], int]:
    """The files that contain one of the needles, and the number of files that were searched.

    Links, empty files and jars are left out.
    """
    found: list[Path] = []
    wanted, looked = list(needles), 0
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_symlink() or not path.is_file() or path.suffix == ".jar":
                continue
            if not path.stat().st_size:
                continue
            looked += 1
            with (
                path.open("rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text,
            ):
                if any(text.find(needle) >= 0 for needle in wanted):
                    found.append(path)
    return found, looked
