"""The configuration files and keys of the test, in a folder of its own."""

from collections.abc import Sequence
from pathlib import Path

from harness.commands import Tdc


class Config:
    """One tdc.yaml that the test rewrites while workers run on it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, primary: str, ring: Sequence[str], compression: str = "zlib", *, host: bool = False) -> None:
        """Replaces the file at once, as a careful deployment does: no reader sees half of it."""
        lines = ["version: 1", "keys:", f"  primary: {primary}", "  ring:"]
        lines += [f"    {key}: {{ file: keys/{key}.key }}" for key in ring]
        lines += ["  host: true"] if host else []
        lines += ["codecs:", f"  - {compression}", "  - encrypt"]
        lines += ["failures: { encode_common_attributes: true }", ""]
        fresh = self.path.with_suffix(".new")
        fresh.write_text("\n".join(lines))
        fresh.replace(self.path)


async def make_keys(tdc: Tdc, folder: Path, ids: Sequence[str]) -> None:
    """Makes a key file for each id."""
    folder.mkdir(mode=0o700)
    for key in ids:
        await tdc.keygen(folder / f"{key}.key")
