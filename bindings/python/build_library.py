"""Build hook: puts the native code into the wheel and tags the wheel with its platform.

The package is plain Python (ctypes) and an extension module for the stable ABI, without which it
works as well, so one wheel fits every Python of a platform: ``py3-none-<platform>``. The Rust
sources are the repository, or the folder ``rust`` of a source distribution. What
``cargo build --release`` made there is used; without it, cargo is run. The extension module is
compiled here from ``native``; with ``TEMPORAL_TDC_PURE=1`` the wheel is built without it.

Four variables are for wheels of what was built elsewhere (``scripts/dist/python``): ``TDC_LIBRARY``
names ``libtdc``, ``TDC_KEYS_LIBRARY`` names ``libtdc_keys``, ``TDC_PROGRAM`` the command ``tdc``,
and ``TEMPORAL_TDC_PLATFORM`` the platform tag, such as ``manylinux_2_17_x86_64``, if it is not this
system's.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# libtdc, libtdc_keys and the command, as cargo names them.
_FILES = {
    "linux": ("libtdc.so", "libtdc_keys.so", "tdc"),
    "darwin": ("libtdc.dylib", "libtdc_keys.dylib", "tdc"),
    "win32": ("tdc.dll", "tdc_keys.dll", "tdc.exe"),
}
_MODULE = "_native.abi3.so"
_SOURCES = ("native.c", "rows.c")
_FLAGS = ("-std=c11", "-O2", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror")
_MACOS = ("-undefined", "dynamic_lookup")  # the interpreter has what the module calls
_OLDEST = "0x030a0000"  # as `requires-python` says


def _named(variable: str) -> Path | None:
    named = os.environ.get(variable)
    return Path(named) if named else None


class LibraryHook(BuildHookInterface[Any]):
    """Adds ``temporal_tdc/_lib/<library>`` and ``temporal_tdc/_native.abi3.so``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Find the library and compile the module; an editable install carries both too."""
        del version
        library, keys, program = self._native_files()
        build_data["tag"] = f"py3-none-{self._platform()}"
        build_data["pure_python"] = False
        included = build_data["force_include"]
        included[str(library)] = f"temporal_tdc/_lib/{library.name}"
        if keys:
            included[str(keys)] = f"temporal_tdc/_lib/{keys.name}"
        if program:
            build_data["shared_scripts"][str(program)] = program.name
        # On Windows, and in a wheel made for it elsewhere, ctypes alone is used.
        pure = sys.platform == "win32" or self._platform().startswith("win")
        if not pure and os.environ.get("TEMPORAL_TDC_PURE", "") in ("", "0"):
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

    @property
    def _is_packed(self) -> bool:
        """Whether this is a source distribution, and not the repository."""
        return (Path(self.root) / "rust").is_dir()

    @property
    def _rust(self) -> Path:
        """Where the Rust sources are."""
        return Path(self.root) / "rust" if self._is_packed else Path(self.root).parents[1]

    def _native_files(self) -> tuple[Path, Path | None, Path | None]:
        """``libtdc``, and if they are there ``libtdc_keys`` and the command ``tdc``."""
        if named := os.environ.get("TDC_LIBRARY"):
            if not Path(named).is_file():
                message = f"TDC_LIBRARY names {named}, which is not a file"
                raise FileNotFoundError(message)
            return Path(named).resolve(), _named("TDC_KEYS_LIBRARY"), _named("TDC_PROGRAM")
        target = self._rust / (os.environ.get("CARGO_TARGET_DIR") or "target")
        names = _FILES.get(sys.platform, _FILES["linux"])
        library, keys, program = (target / "release" / name for name in names)
        if self._is_packed or not library.is_file():
            self._build()
        return library, keys if keys.is_file() else None, program if program.is_file() else None

    def _build(self) -> None:
        if not (cargo := shutil.which("cargo")):
            message = (
                "there is no wheel of temporal-tdc for this platform, and building it takes a Rust "
                "compiler, which was not found: install Rust from https://rustup.rs, and a C "
                "compiler"
            )
            raise FileNotFoundError(message)
        packages = ("-p", "tdc", "-p", "tdc-keys", "-p", "tdc-cli")
        command = (cargo, "build", "--release", "--locked", *packages)
        self.app.display_info("building the native library with cargo: some minutes")
        try:
            subprocess.run(command, cwd=self._rust, check=True)  # noqa: S603
        except subprocess.CalledProcessError as error:
            message = f"cargo could not build the native library ({error}): its output says why"
            raise RuntimeError(message) from error

    def _compile(self, module: Path) -> None:
        header = self._rust / "include"
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
