"""Build hook: puts the native library into the wheel and tags the wheel with its platform.

The package itself is plain Python (ctypes), so one wheel fits every Python of a platform:
``py3-none-<platform>``. The library is the file that ``TDC_LIBRARY`` names, or the repository's
``target/release`` after ``cargo build --release``.
"""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_NAMES = ("libtdc.so", "libtdc.dylib", "tdc.dll")


class LibraryHook(BuildHookInterface[Any]):
    """Adds ``temporal_tdc/_lib/<library>``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Find the library and register it; an editable install carries it too."""
        del version
        library = self._library()
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
        build_data["pure_python"] = False
        build_data["force_include"][str(library)] = f"temporal_tdc/_lib/{library.name}"

    def _library(self) -> Path:
        named = os.environ.get("TDC_LIBRARY")
        release = Path(self.root).parents[1] / "target" / "release"
        candidates = [Path(named)] if named else [release / name for name in _NAMES]
        for candidate in candidates:
            if candidate.is_file():
                return candidate.resolve()
        tried = ", ".join(map(str, candidates))
        message = f"no native library at {tried}: run `cargo build --release` or set TDC_LIBRARY"
        raise FileNotFoundError(message)
