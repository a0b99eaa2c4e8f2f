"""The committed corpus: a file for each target, an input a line in base64, in order.

Usage: corpus.py unpack CORPUS OUT    OUT gets a folder for each target, as libFuzzer reads them
       corpus.py pack OUT CORPUS      the way back; the same inputs make the same file
"""

import base64
import hashlib
import sys
from pathlib import Path


def unpack(corpus: Path, out: Path) -> None:
    """Writes each input under its hash."""
    for packed in sorted(corpus.glob("*.txt")):
        folder = out / packed.stem
        folder.mkdir(parents=True, exist_ok=True)
        for line in packed.read_text(encoding="ascii").splitlines():
            contents = base64.b64decode(line, validate=True)
            (folder / hashlib.sha1(contents).hexdigest()).write_bytes(contents)


def pack(out: Path, corpus: Path) -> None:
    """Writes a file for each folder; libFuzzer tries the empty input by itself."""
    corpus.mkdir(parents=True, exist_ok=True)
    for folder in sorted(path for path in out.iterdir() if path.is_dir()):
        inputs = {path.read_bytes() for path in folder.iterdir()} - {b""}
        lines = sorted(base64.b64encode(contents).decode() + "\n" for contents in inputs)
        (corpus / f"{folder.name}.txt").write_text("".join(lines), encoding="ascii")


def main() -> None:
    """Runs one of the two."""
    how, source, target = sys.argv[1:]
    {"unpack": unpack, "pack": pack}[how](Path(source), Path(target))


if __name__ == "__main__":
    main()
