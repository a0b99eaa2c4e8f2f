"""Types the commands of pages that are no guides: README.md, those of packages, the codec server's.

Each is typed in an empty folder, after the page of docs/start that installs what it needs.
"""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from check_pages import blocks, commands

if TYPE_CHECKING:
    from test_start import Reader

#: What scripts/test-kubernetes types instead, and Makefile's targets.
ELSEWHERE = ("kubectl ", "helm ", "skopeo ", "make ")
OF_COMMAND_LINE = ("README.md", "docs/SERVER.md", "docs/howto/codec-server.md")
INSTALLS = "pip install "
SERVERS = ("tdc serve", "temporal server")
#: Claims with each length of base64, and with the two characters that tokens write differently.
CLAIMS = [{"iss": "https://login.example.com/", "email": f"{name}?~@example.com"} for name in ("a", "ad", "ada")]


def of_command_line(clone: Path, reader: "Reader") -> int:
    """README.md, and the codec server's pages; the terminals of the page before are closed."""
    typed = 0
    for page in OF_COMMAND_LINE:
        reader.leaves()
        reader.takes_a_folder(f"{Path(page).stem}-of-others")
        if page != "README.md":
            reader.types("tdc init")
        for command in typeable(clone / page):
            typed += 1
            if command.startswith(SERVERS):
                reader.opens_a_terminal(command)
            elif "$TOKEN" in command:
                shows_claims(command, reader)
            else:
                if "payloads.json" in command:
                    reader.types("echo '{\"payloads\":[]}' | tdc encode > payloads.json")
                reader.types(command)
    return typed


def typeable(page: Path) -> Iterator[str]:
    """The commands of a page, but what is typed elsewhere and what belongs to it."""
    for block in blocks(page.read_text(encoding="utf-8")):
        found = [command for command, _ in commands(block.body)] if block.language == "sh" else []
        if not any(command.startswith(ELSEWHERE) for command in found):
            yield from found


def shows_claims(command: str, reader: "Reader") -> None:
    """A command that shows what a token contains; its last part says that padding is missing."""
    for claims in CLAIMS:
        said = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        reader.types(f"export TOKEN=e30.{said}.c2ln")
        shown = reader.types(f"{command} || true")
        if json.loads(shown) != claims:
            raise SystemExit(f"{command} shows {shown}, not {claims}")


def of_python(clone: Path, reader: "Reader") -> int:
    """The package's README, from the local folder; its virtual environment is the page's."""
    reader.types("pip uninstall --quiet --yes temporal-tdc")
    reader.types('export PIP_FIND_LINKS="$TDC/dist/python"')
    reader.takes_a_folder("readme")
    return every(clone / "bindings/python/README.md", reader)


def of_go(clone: Path, reader: "Reader") -> int:
    """The module's README, with the proxy that the page names."""
    reader.takes_a_folder("readme")
    reader.types("go mod init example.com/readme")
    return every(clone / "bindings/go/README.md", reader)


def of_spark(clone: Path, reader: "Reader") -> int:
    """The installation of Spark and Ray's page. scripts/test-bulk types its job, on a cluster."""
    reader.takes_a_folder("spark")
    page = (clone / "docs/howto/spark-and-ray.md").read_text(encoding="utf-8")
    found = [command for block in blocks(page) if block.language == "sh" for command, _ in commands(block.body)]
    installs = [command for command in found if command.startswith(INSTALLS)]
    for command in installs:
        reader.types(command)
    reader.types("python -m temporal_tdc.spark --help")
    return len(installs)


def every(page: Path, reader: "Reader") -> int:
    """Types all commands of a page."""
    found = list(typeable(page))
    for command in found:
        reader.types(command)
    return len(found)


#: What follows a page of docs/start.
AFTER: dict[str, Callable[[Path, "Reader"], int]] = {"cli": of_command_line, "python": of_python, "go": of_go}
