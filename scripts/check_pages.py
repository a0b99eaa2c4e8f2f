#!/usr/bin/env python3
"""What README.md, the pages of docs/ and the READMEs of packages say is checked against what it is about.

- A page under docs/start states how many commands it has.
- Code is from a file that is compiled, which a comment above it names: `<!-- from PATH -->`. Its
  lines are in that file, in the same order; indentation and line breaks may differ.
- Each property of the configuration's schema is named in the pages about it, and each status code
  of the header in the page of errors.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: Languages whose blocks need a source. Shells, configurations and data have other checks.
LANGUAGES = {"c", "cpp", "go", "java", "js", "kotlin", "python", "rust", "scala", "ts", "typescript", "xml"}
#: Made of the header by scripts/make_c_abi.py, which test-scripts compares.
GENERATED = "docs/c-abi.md"
#: The page's own files, which scripts/test-start writes and runs.
BELOW = "the files below"
FENCE = re.compile(r"^ *```(\S*)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SOURCE = re.compile(r"<!-- from (.+?) -->$")
#: The text above a block that is a whole file: "A worker, `worker.mjs`:".
NAMED_FILE = re.compile(r"`([\w.-]+\.\w+)`:$")
COUNT = re.compile(r"This page has (\d+) commands")
COMMENT = re.compile(r"(^|\s)(//|#(?!\w)).*")

SCHEMA = "docs/tdc.schema.json"
SETTINGS = ["docs/CONFIGURATION.md", "docs/SERVER.md"]
HEADER = "include/tdc.h"
ERRORS = "docs/ERRORS.md"


class Block(NamedTuple):
    """A fenced block, with its line and the text directly above it."""

    line: int
    language: str
    body: str
    above: str

    @property
    def file(self) -> str | None:
        """The name of the file that the page tells readers to create with it."""
        found = NAMED_FILE.search(self.above)
        return found and found[1]


def blocks(page: str) -> Iterator[Block]:
    """Every fenced block of a page."""
    for found in FENCE.finditer(page):
        above = " ".join(page[: found.start()].rstrip().rsplit("\n\n", 1)[-1].split())
        yield Block(page.count("\n", 0, found.start()) + 1, found[1], found[2], above)


def commands(body: str) -> Iterator[tuple[str, str]]:
    """The commands of an `sh` block, each with the comment behind it: continued lines are one."""
    for line in body.replace("\\\n", " ").splitlines():
        command, _, comment = line.partition(" #")
        if (command := command.strip()) and not command.startswith("#"):
            yield command, comment


def wrong_count(page: str) -> str | None:
    """What is wrong with the number of commands that a page states."""
    stated = COUNT.search(" ".join(page.split()))
    number = sum(len(list(commands(block.body))) for block in blocks(page) if block.language == "sh")
    if stated is None:
        return f"say how long it is: This page has {number} commands"
    return None if int(stated[1]) == number else f"it says {stated[1]} commands, and has {number}"


def squeezed(code: str) -> str:
    """Code without comments, white space and commas at the end of a list."""
    joined = "".join("".join(COMMENT.sub("", line).split()) for line in code.splitlines())
    return re.sub(r",(?=[)}\]])", "", joined)


def code(path: str) -> str:
    """The text of a file, in Rust with the examples in its documentation, which are run."""
    text = Path(path).read_text(encoding="utf-8")
    return re.sub(r"^ *///", "", text, flags=re.MULTILINE) if path.endswith(".rs") else text


def absent_line(body: str, source: str) -> str | None:
    """The first line of the block that does not follow the earlier ones in the source."""
    rest = squeezed(source)
    for line in body.splitlines():
        if code := squeezed(line).rstrip(","):
            _, found, rest = rest.partition(code)
            if not found:
                return line.strip()
    return None


def wrong_code(page: str) -> Iterator[str]:
    """What is wrong with the code of a page."""
    own = list(blocks(page))
    below = "".join(block.body for block in own if block.file)
    for block in own:
        if block.language not in LANGUAGES or block.file:
            continue
        named = SOURCE.search(block.above)
        if named is None:
            yield f"{block.line}: name the file that this is from: <!-- from PATH -->"
        elif named[1] != BELOW and not Path(named[1]).is_file():
            yield f"{block.line}: {named[1]} does not exist"
        else:
            source = below if named[1] == BELOW else code(named[1])
            if (line := absent_line(block.body, source)) is not None:
                yield f"{block.line}: {named[1]} does not have, in this place: {line}"


def properties(schema: object, inside_of: str = "") -> Iterator[str]:
    """The names of all properties of a JSON Schema."""
    if isinstance(schema, dict):
        if inside_of == "properties":
            yield from schema
        for name, value in schema.items():
            yield from properties(value, name if inside_of != "properties" else "")
    elif isinstance(schema, list):
        for value in schema:
            yield from properties(value)


def unnamed(names: set[str], text: str) -> list[str]:
    """The names that a text does not have as whole words."""
    return sorted(name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))


def check(pages: list[str]) -> Iterator[str]:
    """Everything that is wrong."""
    for name in pages:
        page = Path(name).read_text(encoding="utf-8")
        if name.startswith("docs/start/") and (wrong := wrong_count(page)):
            yield f"{name}: {wrong}"
        if name != GENERATED:
            yield from (f"{name}:{wrong}" for wrong in wrong_code(page))
    settings = "".join(Path(name).read_text(encoding="utf-8") for name in SETTINGS)
    schema = json.loads(Path(SCHEMA).read_text(encoding="utf-8"))
    for name in unnamed(set(properties(schema)), settings):
        yield f"{' or '.join(SETTINGS)}: describe the property {name} of {SCHEMA}"
    codes = set(re.findall(r"#define (TDC_ERR_\w+)", Path(HEADER).read_text(encoding="utf-8")))
    for name in unnamed(codes, Path(ERRORS).read_text(encoding="utf-8")):
        yield f"{ERRORS}: describe the status {name}"


def proves_itself() -> None:
    """Each check finds what it is for."""
    page = "This page has 2\ncommands.\n\n```sh\na  # x\nb \\\n  c\n```\n\nA file, `w.js`:\n\n```js\nf(1);\ng();\n```\n"
    assert wrong_count(page) is None
    assert wrong_count(page.replace("b ", "b\nb ")) == "it says 2 commands, and has 3"
    assert wrong_count("```sh\na\n```\n") == "say how long it is: This page has 1 commands"
    assert list(wrong_code(page)) == []
    quoted = page + "\n<!-- from the files below -->\n```js\nf(\n  1,\n);   // the one\ng();\n```\n"
    assert list(wrong_code(quoted)) == []
    assert len(list(wrong_code(quoted.replace("one\ng();", "one\nh();")))) == 1
    assert len(list(wrong_code(quoted.replace("f(\n  1,\n);   // the one\ng();", "g();\nf(1);")))) == 1
    assert len(list(wrong_code(quoted.replace("from the files below", "from nowhere.js")))) == 1
    assert len(list(wrong_code("Text.\n\n```go\nx()\n```\n"))) == 1
    found = set(properties({"properties": {"a": {"properties": {"properties": {"type": "x"}}}}, "$defs": {"D": {"properties": {"b": {}}}}}))
    assert found == {"a", "properties", "b"}
    assert unnamed({"a", "b"}, "`a`: { c }") == ["b"]


def main() -> int:
    """Names everything that is wrong."""
    proves_itself()
    output = subprocess.run(["git", "ls-files", "-z", "README.md", "docs", "bindings/*/README.md"], capture_output=True, check=True, text=True).stdout
    pages = [name for name in output.split("\0") if name.endswith(".md") and Path(name).is_file()]
    found = list(check(pages))
    if found:
        print(*found, "mend these pages", sep="\n", file=sys.stderr)
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
