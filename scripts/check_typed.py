#!/usr/bin/env python3
"""Every command on a page is typed by a test, or named here with the reason why none can."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import follow_howto
import follow_others
from check_pages import blocks, commands

#: Typed as they are, or with other paths, by another script.
ELSEWHERE = {
    "docs/howto/codec-server.md": ("scripts/test-kubernetes", ("kubectl ", "helm ", "skopeo ", "tdc keygen orders.key", "tdc config check")),
    "docs/howto/spark-and-ray.md": ("scripts/test-bulk", ("python -m temporal_tdc.spark ",)),
    "RELEASING.md": ("scripts/test-dist", ("scripts/dist/sign --check ",)),
}
#: What no test can type, and why.
UNTYPED = {"ssh-keygen -t ed25519-sk ": "it makes a key on a hardware token"}
#: Pages that follow_others types after one of docs/start.
OTHERS = {
    *follow_others.OF_COMMAND_LINE,
    "bindings/python/README.md",
    "bindings/go/README.md",
}
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def untyped(root: Path, page: str) -> Iterator[str]:
    """The commands of a page that nothing types."""
    targets = {f"make {name}" for name in TARGET.findall((root / "Makefile").read_text(encoding="utf-8"))}
    others = set(follow_others.typeable(root / page)) if page in OTHERS else set()
    path = Path(page)
    for block in blocks((root / page).read_text(encoding="utf-8")):
        for command, _ in commands(block.body) if block.language == "sh" else ():
            howto = path.parent.name == "howto" and path.stem in follow_howto.PAGES and follow_howto.can_be_typed(command)
            elsewhere = command.startswith(ELSEWHERE[page][1]) if page in ELSEWHERE else False
            installs = page.endswith("spark-and-ray.md") and command.startswith(follow_others.INSTALLS)
            if not (howto or elsewhere or installs or command in others | targets or command.startswith(tuple(UNTYPED))):
                yield f"{page}:{block.line}: no test types: {command}"


def main() -> int:
    """Names every command without a test."""
    root = Path.cwd()
    listed = subprocess.run(["git", "ls-files", "-z", "*.md"], capture_output=True, check=True, text=True).stdout
    # scripts/test-start types all of docs/start.
    pages = [page for page in listed.split("\0") if page and not page.startswith("docs/start/") and (root / page).is_file()]
    found = [wrong for page in pages for wrong in untyped(root, page)]
    if found:
        print(*found, "have scripts/follow_others.py type these, or name who does in scripts/check_typed.py", sep="\n", file=sys.stderr)
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
