#!/usr/bin/env python3
"""The demo: orders are encoded in each language and decoded in each other. `scripts/demo` starts it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import payloads

LANGUAGES = {"go": "Go", "python": "Python", "java": "Java", "typescript": "TypeScript", "c": "C", "cli": "tdc"}
COLUMN = 2 + max(map(len, LANGUAGES.values()))


class SkippedError(Exception):
    """A language cannot take part; the text says why."""


class Demo:
    """One run in `work`; `root` is the repository."""

    def __init__(self, root: Path, work: Path) -> None:
        self.root, self.work = root, work
        self.program = root / "target" / "release" / "tdc"
        self.config = work / "tdc.yaml"
        self.skipped: dict[str, str] = {}

    def run(self) -> int:
        """Runs it; returns the exit status."""
        orders = json.loads((self.root / "examples" / "orders.json").read_text(encoding="utf-8"))
        print(f"tdc demo: {len(orders)} orders, one key, one tdc.yaml, every language\n")
        self.prepare()
        plain = payloads.from_orders(orders)
        stored = self.encode_everywhere(plain)
        wrong = self.decode_everywhere(orders, stored)
        wrong += self.show_stored(plain, stored)
        if wrong or not stored:
            print(f"\ndemo: failed: {'; '.join(wrong) or 'no language could take part'}", file=sys.stderr)
            return 1
        print("\n4. A failed workflow in Temporal's Web UI, before and after its codec server is set (a picture that make test-e2e took)")
        print(f"   {self.relative(self.root / 'docs' / 'web-ui.png')}")
        print(f"   the codec server: target/release/tdc serve --dev --config {self.relative(self.config)}")
        print("\nNext: open one yourself, with the command line and the same configuration:")
        print(f"   target/release/tdc decode --text --config {self.relative(self.config)} {self.relative(self.work / 'stored.json')}")
        print("Then one line in your own client's options: see README.md, and bindings/ for your language.")
        return 0

    def prepare(self) -> None:
        """Makes the key, unless a run before did, and puts the configuration beside it."""
        print("1. A key and a configuration")
        key = self.work / "orders-2026-11.key"
        if key.exists():
            print(f"   {self.relative(key)}: the key of the last run")
        else:
            self.command([str(self.program), "keygen", str(key)])
            print(f"   tdc keygen {self.relative(key)}")
        shutil.copyfile(self.root / "examples" / "demo" / "tdc.yaml", self.config)
        print(f"   {self.relative(self.config)}:\n")
        for line in self.config.read_text(encoding="utf-8").splitlines():
            print(f"      {line}")
        print(f"\n   tdc config check {self.relative(self.config)}")
        for line in self.command([str(self.program), "config", "check", str(self.config)]).splitlines():
            print(f"      {line}".rstrip())

    def encode_everywhere(self, plain: list[bytes]) -> dict[str, list[bytes]]:
        """Encodes the orders in each language."""
        stored = {}
        print("\n2. examples/orders.json, encoded in each language and decoded in each other")
        print("   (the first time takes a while, because each language builds what it needs, and TypeScript installs npm packages)")
        print("\n   encoding:", end="")
        for language, name in LANGUAGES.items():
            print(f" {name}", end="", flush=True)
            try:
                stored[language] = self.convert(language, "encode", plain)
            except SkippedError as reason:
                self.skipped[language] = str(reason)
        return stored

    def decode_everywhere(self, orders: list[object], stored: dict[str, list[bytes]]) -> list[str]:
        """Decodes in each language what all of them wrote, prints the matrix, gives back what went wrong."""
        print("\n   decoding:", end="")
        writers = list(stored)
        together = [payload for writer in writers for payload in stored[writer]]
        equal: dict[tuple[str, str], int] = {}
        wrong = []
        for reader in writers:
            print(f" {LANGUAGES[reader]}", end="", flush=True)
            answer = payloads.to_orders(self.convert(reader, "decode", together))
            for number, writer in enumerate(writers):
                part = answer[number * len(orders) : (number + 1) * len(orders)]
                equal[writer, reader] = sum(a == b for a, b in zip(part, orders, strict=True))
                if equal[writer, reader] != len(orders):
                    wrong.append(f"what {LANGUAGES[writer]} wrote came back changed in {LANGUAGES[reader]}")
        print("\n\n   written by ↓ read by →" + "".join(f"{LANGUAGES[reader]:>{COLUMN}}" for reader in writers))
        for writer in writers:
            print(f"   {LANGUAGES[writer]:<22}" + "".join(f"{equal[writer, reader]:>{COLUMN}}" for reader in writers))
        print(f"\n   {len(orders)}: all {len(orders)} orders came back equal")
        for language, reason in self.skipped.items():
            print(f"   {LANGUAGES[language]}: skipped, because {reason}")
        return wrong

    def show_stored(self, plain: list[bytes], stored: dict[str, list[bytes]]) -> list[str]:
        """Shows what a Temporal server would store; returns what should not be there."""
        if not stored:
            return []
        writer = next(iter(stored))
        body = self.work / "stored.json"
        body.write_text(payloads.to_json(stored[writer]), encoding="utf-8")
        text = payloads.read(plain[0])[1].decode()
        data = payloads.read(stored[writer][0])[1]
        print(f"\n3. What a Temporal server stores, as {LANGUAGES[writer]} wrote it")
        print(f"   the first order:  {text[:72]}…")
        print(f"   its data, stored: {data[:36].hex()}… ({len(data)} bytes)\n")
        print(f"   tdc inspect {self.relative(body)}")
        for line in self.command([str(self.program), "inspect", "--config", str(self.config), str(body)]).splitlines():
            print(f"      {line}")
        return self.find_plaintext(plain, stored)

    def find_plaintext(self, plain: list[bytes], stored: dict[str, list[bytes]]) -> list[str]:
        """Looks for the customers' data in everything that was stored: a codec that does nothing would pass the matrix."""
        orders = payloads.to_orders(plain)
        secrets = [text.encode() for order in orders for text in order["customer"].values()]
        found = []
        for writer, items in stored.items():
            everything = b"".join(items)
            if any(secret in everything for secret in secrets):
                found.append(f"what {LANGUAGES[writer]} wrote holds plaintext")
        if not found:
            count = sum(map(len, stored.values()))
            print(f"\n   names, addresses and emails of the customers in all {count} stored payloads: none found")
        return found

    def convert(self, language: str, operation: str, items: list[bytes]) -> list[bytes]:
        """Encodes or decodes in one language."""
        if language == "cli":
            body = self.work / "body.json"
            body.write_text(payloads.to_json(items), encoding="utf-8")
            return payloads.from_json(self.command([str(self.program), operation, "--config", str(self.config), str(body)]))
        driver = self.root / "scripts" / f"driver-{language}"
        if not driver.exists():
            raise SkippedError(f"scripts/driver-{language} does not exist")
        source, target = self.work / "in.pb", self.work / "out.pb"
        source.write_bytes(payloads.join(items))
        target.unlink(missing_ok=True)
        self.command([str(driver), "--codec", "tdc", "--config", str(self.config), operation, str(source), str(target)])
        return payloads.split(target.read_bytes())

    def command(self, command: list[str]) -> str:
        """Runs a program; returns its output."""
        done = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - our own programs
        said = done.stdout + done.stderr
        if "skipped, because " in said:
            raise SkippedError(said.split("skipped, because ", 1)[1].splitlines()[0])
        if done.returncode:
            raise SystemExit(f"demo: {self.relative(Path(command[0]))} failed: {said.strip()}")
        return done.stdout

    def relative(self, path: Path) -> str:
        """The path as a person in the repository would type it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)


if __name__ == "__main__":
    sys.exit(Demo(Path(sys.argv[1]), Path(sys.argv[2])).run())
