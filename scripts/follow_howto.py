"""Types the commands of docs/howto after the page of the command line, on its server and with its keys.

A configuration on a page takes the place of tdc.yaml, and keys that it names are generated. A folder
takes the place of a bucket. Left out are commands that need a cluster, a cloud or an installation:
all but those of `tdc`, without `tdc serve`, and `temporal workflow show`.
"""

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from check_pages import blocks, commands

if TYPE_CHECKING:
    from test_start import Reader

#: Its configurations are those of tests, and its commands read a workflow of a test server.
OF_TESTS = "test-your-workflows"
#: The pages, in an order in which each has the files that it speaks of.
PAGES = [
    "exported-histories",
    "rotate-keys",
    "change-codecs",
    "move-from-your-own-codec",
    OF_TESTS,
    "keys-per-tenant",
]
#: Pages without such a command.
OTHERS = {"codec-server", "external-storage", "spark-and-ray", "symptoms"}
TYPED = ("tdc ", "temporal workflow show ")
ORDER = "order-42"
#: What the pages take for granted: a workflow whose payloads are encrypted, exports, and a second
#: configuration.
BEFORE = [
    f"temporal workflow start -n default -t queue --type Any -w {ORDER} --input '\"Ada\"' --codec-endpoint http://127.0.0.1:8081",
    "mkdir -p exports temporal-workflow-history/export/default/2026/11/30/10/05",
    f"temporal workflow show -n default -w {ORDER} --output json > exports/order.json",
    "cp exports/order.json temporal-workflow-history/export/default/2026/11/30/10/05/order.json",
    "cp tdc.yaml old.yaml",
    "tdc keygen keys/new.key",
    "sed -e 's,primary: .*,primary: new,' -e 's,ring:,&\\n    new: { file: keys/new.key },' tdc.yaml > new.yaml",
]
#: A file that another codec wrote with the page's keys.
OLD = "old-payloads.json"


def follow(pages: Path, reader: "Reader") -> int:
    """Type what the pages say, and return how many commands that were."""
    if unknown := {page.stem for page in pages.glob("*.md")} ^ OTHERS.union(PAGES):
        sys.exit(f"howto: name in scripts/follow_howto.py what is on {', '.join(sorted(unknown))}")
    for command in BEFORE:
        reader.types(command)
    typed = 0
    for page in PAGES:
        before = typed
        reader.types("cp old.yaml tdc.yaml")
        for block in blocks((pages / f"{page}.md").read_text(encoding="utf-8")):
            if block.language == "yaml" and page != OF_TESTS and block.body.startswith("version: 1"):
                configure(block.body, reader)
            elif block.language == "sh":
                for command, _ in commands(block.body):
                    if not can_be_typed(command):
                        continue
                    if OLD in command:
                        reader.types(f"tdc encode payload.json > {OLD}")
                    reader.types(command.replace("WORKFLOW", ORDER).replace("s3://BUCKET/", ""))
                    typed += 1
        if typed == before:
            sys.exit(f"howto: {page}: no command was typed")
    return typed


def configure(document: str, reader: "Reader") -> None:
    """Use a configuration of a page, with key files in the place of Vault's keys; without one of AWS."""
    document = re.sub(r'(\S+): \{ service: "[^"]*"', r"\1: { envelope: true, file: keys/\1.key", document)
    if "service:" in document:
        return
    (reader.folder / "tdc.yaml").write_text(document, encoding="utf-8")
    for file in re.findall(r"file: ([\w./-]+\.key)", document):
        if not (reader.folder / file).exists():
            reader.types(f"tdc keygen {shlex.quote(file)}")


def can_be_typed(command: str) -> bool:
    """Whether it is one that ends, and needs nothing else."""
    return command.startswith(TYPED) and not command.startswith("tdc serve")
