#!/usr/bin/env python3
"""Links in Markdown lead to a tracked file and to a heading of it; every page of docs/ is in its summary."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

FENCED = re.compile(r"^[ >]*(?P<fence>```+|~~~+)[^\n]*\n.*?^[ >]*(?P=fence) *$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
#: [text](target), [name]: target, and what HTML in Markdown has.
LINKS = [
    re.compile(r"\]\(\s*<?([^)<>\s]+)>?(?:\s+\"[^\"]*\")?\s*\)"),
    re.compile(r"^ {0,3}\[[^\]^]+\]:\s*<?(\S+?)>?\s*$", re.MULTILINE),
    re.compile(r"<(?:a|img)\s[^>]*?(?:href|src)=\"([^\"]+)\""),
]
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$", re.MULTILINE)
LINKED_TEXT = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
#: What GitHub leaves out of an anchor.
NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")
SUMMARY = "docs/SUMMARY.md"


def blank(found: re.Match[str]) -> str:
    """As many characters and lines, without any text."""
    return re.sub(r"[^\n]", " ", found[0])


def without_code(text: str) -> str:
    """The text with its code and comments blanked out, so that positions stay the same."""
    return CODE.sub(blank, COMMENT.sub(blank, FENCED.sub(blank, text)))


@cache
def anchors(path: Path) -> frozenset[str]:
    """What a link may name after `#`, by GitHub's rules."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCED.sub(blank, path.read_text(encoding="utf-8"))):
        text = LINKED_TEXT.sub(r"\1", heading).replace("`", "").replace("*", "")
        name = NOT_IN_ANCHOR.sub("", text.lower()).replace(" ", "-")
        again = 0
        while (anchor := f"{name}-{again}" if again else name) in found:
            again += 1
        found.add(anchor)
    return frozenset(found)


def links(text: str) -> Iterator[tuple[int, str]]:
    """The line and the target of each link that stays in the repository."""
    prose = without_code(text)
    for form in LINKS:
        for link in form.finditer(prose):
            if not ELSEWHERE.match(link[1]):
                yield prose.count("\n", 0, link.start(1)) + 1, link[1]


def wrong_links(page: str, tracked: frozenset[str]) -> Iterator[str]:
    """What is wrong with the links of a page."""
    for line, link in links(Path(page).read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        path = normpath(PurePosixPath(page).parent / unquote(target)) if target else page
        if path not in tracked:
            yield f"{page}:{line}: {link}: no tracked file or folder has this path"
        elif anchor and (not path.endswith(".md") or unquote(anchor) not in anchors(Path(path))):
            yield f"{page}:{line}: {link}: no heading of {path} has this anchor"


def unlisted(pages: list[str]) -> Iterator[str]:
    """The pages of the book that its summary does not name: they would not be in it."""
    if SUMMARY in pages:
        folder = PurePosixPath(SUMMARY).parent
        listed = {normpath(folder / target) for _, target in links(Path(SUMMARY).read_text(encoding="utf-8"))}
        inside = [page for page in pages if PurePosixPath(page).is_relative_to(folder) and page != SUMMARY]
        yield from (f"{page}: add it to {SUMMARY}" for page in inside if page not in listed)


def main() -> int:
    """Names every link that leads nowhere."""
    output = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True, text=True).stdout
    files = [name for name in output.split("\0") if name and Path(name).exists()]
    folders = {str(folder) for name in files for folder in PurePosixPath(name).parents}
    tracked = frozenset(files) | folders
    pages = [name for name in files if name.endswith(".md") and Path(name).is_file()]
    found = [wrong for page in pages for wrong in wrong_links(page, tracked)] + list(unlisted(pages))
    if found:
        print(*found, "mend these links", sep="\n", file=sys.stderr)
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
