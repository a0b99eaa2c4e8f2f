"""Checks what scripts/dist/build made for a platform, in any format, and shows exports and sizes.

check_native.py TRIPLE FOLDER fails if a file exports names that are not its own, needs libraries or
a version of the system that the packages do not promise, or is too large.
"""

import re
import subprocess
import sys
from pathlib import Path

import lief

MAX_LIBRARY_BYTES = 5 * 1024 * 1024

# What a file may export. Rust also exports the C functions of the crates that an addon links:
# Node.js loads addons locally, so these collide with nothing.
EXPORTS = {
    "libtdc": r"tdc_",
    "libtdc_keys": r"tdc_keys_",
    "libtdc_jni": r"tdc_|Java_io_tdc_",
    "libtdc_node": r"napi_|tdc_",
}

# What a file may need: nothing but the system's C library.
NEEDS = {
    "linux-gnu": r"(libc|libm|libdl|libpthread|ld-linux[a-z0-9-]*)\.so(\.\d)?",
    "linux-musl": r"libc\.so",
    "darwin": r"/usr/lib/libSystem\.B\.dylib",
    "windows": r"(?i)(kernel32|ntdll|advapi32|bcrypt|bcryptprimitives|crypt32|ncrypt|secur32|userenv|ws2_32|"
    r"dbghelp|user32|ole32|api-ms-win-(core|crt)-[a-z0-9-]+)\.dll",
}
NEWEST_GLIBC = (2, 17)
NEWEST_MACOS = (11, 0)


class Wrong(Exception):
    """Why a file must not be published."""


def exports(binary: lief.Binary) -> set[str]:
    """The names that other programs see; Mach-O puts an underscore in front."""
    if isinstance(binary, lief.PE.Binary):
        return {str(entry.name) for entry in binary.get_export().entries} if binary.has_exports else set()
    names = {str(symbol.name) for symbol in binary.exported_symbols}
    if isinstance(binary, lief.MachO.Binary):
        return {name.removeprefix("_") for name in names}
    return names - {"_init", "_fini"}


def system(binary: lief.Binary) -> tuple[int, ...]:
    """The newest version of glibc or macOS that a file needs."""
    if isinstance(binary, lief.MachO.Binary):
        oldest = binary.build_version.minos if binary.has_build_version else binary.version_min.version
        return tuple(oldest[:2])
    if isinstance(binary, lief.PE.Binary):
        return ()
    wanted = [
        tuple(map(int, found[1].split(".")))
        for needed in binary.symbols_version_requirement
        for auxiliary in needed.get_auxiliary_symbols()
        if (found := re.fullmatch(r"GLIBC_([\d.]+)", str(auxiliary.name)))
    ]
    return max(wanted, default=())


def check(path: Path, triple: str) -> None:
    """Raise Wrong, or print a line about the file."""
    kind = next(kind for kind in NEEDS if kind in triple)
    binary = lief.parse(path)
    if binary is None:
        raise Wrong("is not a program or library")
    if isinstance(binary, lief.MachO.FatBinary):
        binary = binary.at(0)
    imported = binary.imports if isinstance(binary, lief.PE.Binary) else binary.libraries
    libraries = [str(getattr(library, "name", library)) for library in imported]
    if path.suffix == ".dylib":
        libraries = libraries[1:]  # the first one is the file's own name
    foreign = [each for each in libraries if not re.fullmatch(NEEDS[kind], each)]
    if foreign:
        raise Wrong(f"needs {', '.join(foreign)}")
    needs = system(binary)
    limit = NEWEST_MACOS if kind == "darwin" else NEWEST_GLIBC
    if needs > limit:
        raise Wrong(f"needs version {needs} of the system, and the packages promise {limit}")
    if kind == "darwin" and triple.startswith("aarch64") and not binary.has_code_signature:
        raise Wrong("is not signed, so macOS would not load it on arm64")
    stem = f"lib{path.stem}" if path.suffix == ".dll" else path.stem
    if pattern := EXPORTS.get(stem):
        names = exports(binary)
        if others := sorted(name for name in names if not re.match(pattern, name)):
            raise Wrong(f"exports names that are not its own: {' '.join(others[:5])}")
        if not names:
            raise Wrong("exports nothing")
    elif kind == "linux-musl" and libraries:
        raise Wrong("is not static")
    size = path.stat().st_size
    if stem == "libtdc" and size > MAX_LIBRARY_BYTES:
        raise Wrong(f"is larger than {MAX_LIBRARY_BYTES >> 20} MB")
    print(f"{path.name:20} {size:10} {'.'.join(map(str, needs))}", file=sys.stderr)


def check_archive(path: Path, triple: str) -> None:
    """The same for the static library. Except on Linux the names of zstd's C code show."""
    print(f"{path.name:20} {path.stat().st_size:10}", file=sys.stderr)
    if "linux" not in triple:
        return
    read = ["readelf", "--symbols", "--sections", "--wide", str(path)]
    lines = subprocess.run(read, check=True, capture_output=True, text=True).stdout.splitlines()
    fields = [line.split() for line in lines]
    shown = [each[7] for each in fields if len(each) == 8 and each[4] == "GLOBAL" and each[6] != "UND"]
    if others := [name for name in shown if not name.startswith("tdc_")]:
        raise Wrong(f"has names that are not its own: {' '.join(others[:5])}")
    if not shown:
        raise Wrong("exports nothing")
    if any(".llvmbc" in line for line in lines):
        raise Wrong("carries bitcode")


def main() -> None:
    """Check every file of the folder."""
    triple, folder = sys.argv[1], Path(sys.argv[2])
    print(f"{'file':20} {'bytes':>10} system", file=sys.stderr)
    for path in sorted(folder.iterdir()):
        try:
            (check_archive if path.suffix == ".a" else check)(path, triple)
        except Wrong as wrong:
            sys.exit(f"dist: {path}: {wrong}")


main()
