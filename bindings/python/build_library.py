"""Build hook: puts the native code into the wheel and tags the wheel with its platform.

The package is plain Python (ctypes) and an extension module for the stable ABI, without which it
works as well, so one wheel fits every Python of a platform: ``py3-none-<platform>``. The library is
the file that ``TDC_LIBRARY`` names, or the repository's ``target/release`` after
``cargo build --release``. The extension module is compiled here from ``native``; with
``TEMPORAL_TDC_PURE=1`` the wheel is built without it, and needs no C compiler.

Three more variables are for the wheels of a release (``scripts/dist/python``): ``TDC_KEYS_LIBRARY``
names ``libtdc_keys``, ``TDC_PROGRAM`` the command ``tdc``, and ``TEMPORAL_TDC_PLATFORM`` the
platform tag, such as ``manylinux_2_17_x86_64``, of what was built for other systems than this one.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_NAMES = ("libtdc.so", "libtdc.dylib", "tdc.dll")
_MODULE = "_native.abi3.so"
_SOURCES = ("native.c", "rows.c")
_FLAGS = ("-std=c11", "-O2", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror")
_MACOS = ("-undefined", "dynamic_lookup")  # the interpreter has what the module calls
_OLDEST = "0x030a0000"  # as `requires-python` says


class LibraryHook(BuildHookInterface[Any]):
    """Adds ``temporal_tdc/_lib/<library>`` and ``temporal_tdc/_native.abi3.so``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Find the library and compile the module; an editable install carries both too."""
        del version
        library = self._library()
        build_data["tag"] = f"py3-none-{self._platform()}"
        build_data["pure_python"] = False
        included = build_data["force_include"]
        included[str(library)] = f"temporal_tdc/_lib/{library.name}"
        if keys := os.environ.get("TDC_KEYS_LIBRARY"):
            included[keys] = f"temporal_tdc/_lib/{Path(keys).name}"
        if program := os.environ.get("TDC_PROGRAM"):
            build_data["shared_scripts"][program] = Path(program).name
        # On Windows ctypes alone is used.
        if sys.platform != "win32" and os.environ.get("TEMPORAL_TDC_PURE", "") in ("", "0"):
            self._compiled = tempfile.TemporaryDirectory()
            module = Path(self._compiled.name) / _MODULE
            self._compile(module)
            included[str(module)] = f"temporal_tdc/{_MODULE}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled."""
        del version, build_data, artifact_path
        if hasattr(self, "_compiled"):
            self._compiled.cleanup()

    def _platform(self) -> str:
        named = os.environ.get("TEMPORAL_TDC_PLATFORM")
        return named or sysconfig.get_platform().replace("-", "_").replace(".", "_")

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

    def _compile(self, module: Path) -> None:
        header = Path(self.root).parents[1] / "include"
        command = (
            *shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"),
            *_FLAGS,
            "-shared",
            *(_MACOS if self._platform().startswith("macosx") else ()),
            f"-DPy_LIMITED_API={_OLDEST}",
            f"-I{header}",
            f"-I{sysconfig.get_path('include')}",
            *(str(Path(self.root) / "native" / name) for name in _SOURCES),
            "-o",
            str(module),
        )
        try:
            subprocess.run(command, check=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            message = (
                f"cannot compile the extension module ({error}): install a C compiler and Python's "
                "header files, or set TEMPORAL_TDC_PURE=1 for a wheel that uses ctypes alone"
            )
            raise RuntimeError(message) from error
