#!/usr/bin/env python3
"""Comments and Markdown have at most 100 columns, but for tables, code blocks and lines with a URL."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

COLUMNS = 100
#: How a line of a comment begins, by the file's suffix. Files without one are scripts.
SLASHES = re.compile(r"\s*(//|/\*|\*( |$))")
HASH = re.compile(r"\s*# ")
PROSE = re.compile("")
BEGINNINGS = {
    **dict.fromkeys([".rs", ".go", ".java", ".ts", ".mjs", ".c", ".h", ".hpp", ".cpp", ".proto"], SLASHES),
    **dict.fromkeys([".py", ".sh", ".toml", ".yaml", ".yml", ""], HASH),
    ".md": PROSE,
}
FENCE = re.compile(r"\s*(//[!/]?|\*|#)?\s*```")
#: A row of a table, a command to copy, code within a comment, what a tool reads.
KEPT = re.compile(r"https?:|^[\s/!*#]*\||^\s*(//|#)[!/]?(\t| {3,})|DO NOT EDIT|Code generated|//go:|# shellcheck ")


def long_lines(path: Path) -> Iterator[int]:
    """The numbers of the lines that are too long."""
    beginning = BEGINNINGS[path.suffix]
    fenced = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif len(line) > COLUMNS and not fenced and beginning.match(line) and not KEPT.search(line):
            yield number


def main() -> int:
    """Names every line that is too long."""
    tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True, text=True).stdout.split("\0")
    paths = [Path(name) for name in tracked if name and Path(name).suffix in BEGINNINGS]
    found = [f"{path}:{number}" for path in paths if path.is_file() for number in long_lines(path)]
    if found:
        print(*found, f"wrap these lines at {COLUMNS} columns", sep="\n", file=sys.stderr)
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
