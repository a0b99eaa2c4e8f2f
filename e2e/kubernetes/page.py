"""The part of the page about Kubernetes: its sections, each with its files and its commands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from check_pages import FENCE, commands

PART = "\n## In Kubernetes\n"
SECTION = re.compile(r"^### (.*)$", re.MULTILINE)


class Step(NamedTuple):
    """What a reader does next: type a command, or write a file."""

    command: str = ""
    file: str = ""
    body: str = ""


def sections(page: Path, registry: str) -> dict[str, list[Step]]:
    """The steps below each heading; the registry takes the place of REGISTRY."""
    part = page.read_text(encoding="utf-8").split(PART)[1].split("\n## ")[0].replace("REGISTRY", registry)
    _, *found = SECTION.split(part)
    return {name: list(_steps(text)) for name, text in zip(found[::2], found[1::2], strict=True)}


def _steps(text: str) -> Iterator[Step]:
    for found in FENCE.finditer(text):
        named = found[0].lstrip().partition("\n")[0].split()[1:]
        if found[1] == "sh":
            yield from (Step(command=command) for command, _ in commands(found[2]))
        elif found[1] == "yaml":
            yield Step(file=named[0] if named else "tdc.yaml", body=found[2])
        else:
            raise AssertionError(f"a block that nobody can follow: {found[0]}")
