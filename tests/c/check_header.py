"""Compares the header with what the libraries export and with what the harness covers, and checks the prefixes of its names.

Usage: check_header.py HEADER SHARED_LIBRARY STATIC_LIBRARY COVERED

COVERED is a file with the names of the functions whose pointer arguments the harness tests.
"""

import re
import subprocess
import sys
from pathlib import Path


def without_comments(text: str) -> str:
    """The header's code, line breaks kept."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)


def declared_functions(code: str) -> set[str]:
    """The functions that the header declares."""
    return set(declarations(code))


def declarations(code: str) -> dict[str, str]:
    """The functions that the header declares, each with its whole declaration."""
    statements = re.sub(r"^\s*#.*$", "", code, flags=re.MULTILINE)
    statements = re.sub(r'extern\s+"C"\s*\{', "", statements)
    statements = re.sub(r"struct\s+\w+\s*\{[^}]*\}", "struct", statements)
    found = ((re.search(r"(\w+)\s*\(", statement), statement) for statement in statements.split(";"))
    return {match[1]: statement for match, statement in found if match}


def other_names(code: str) -> tuple[set[str], set[str]]:
    """The macros and the types that the header defines."""
    macros = set(re.findall(r"^\s*#\s*define\s+(\w+)", code, flags=re.MULTILINE))
    types = set(re.findall(r"\bstruct\s+(\w+)", code)) | set(re.findall(r"^\s*(?:typedef[^;{]*|\})\s*\b(\w+);", code, flags=re.MULTILINE))
    return macros, types


def symbols(library: str, table: str) -> set[str]:
    """The symbols that a library defines for others; `table` is readelf's option for the table that lists them."""
    # Not nm, which sees nothing in objects that also carry LLVM's intermediate code.
    listing = subprocess.run(["readelf", table, "--wide", library], check=True, capture_output=True, text=True).stdout
    found = set()
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[4] in {"GLOBAL", "WEAK"} and fields[6] != "UND":
            found.add(fields[7])
    return found


def differences(what: str, found: set[str], declared: set[str]) -> list[str]:
    """Sentences about what only one side has."""
    return [f"{name}: {what}, but not in the header" for name in sorted(found - declared)] + [
        f"{name}: in the header, but not {what}" for name in sorted(declared - found)
    ]


def main() -> int:
    """Prints what is wrong; the exit status says whether something is."""
    header, shared, static, covered = sys.argv[1:]
    code = without_comments(Path(header).read_text(encoding="utf-8"))
    declared = declared_functions(code)
    macros, types = other_names(code)
    problems = [f"{name}: expected the prefix tdc_" for name in sorted(declared | types) if not name.startswith("tdc_")]
    problems += [f"{name}: expected the prefix TDC_" for name in sorted(macros) if not name.startswith("TDC_")]
    problems += differences("exported by the shared library", symbols(shared, "--dyn-syms"), declared)
    problems += differences("exported by the static library", symbols(static, "--symbols"), declared)
    problems += differences("tested with NULL arguments", set(Path(covered).read_text().split()), declared)
    deep = without_comments(Path(__file__).with_name("stack.c").read_text(encoding="utf-8"))
    takes_bytes = {name for name, text in declarations(code).items() if re.search(r"const uint8_t \*\w", text)}
    problems += [f"{name}: takes bytes, and stack.c does not run it with deep ones" for name in sorted(takes_bytes) if not re.search(rf"\b{name}[(,]", deep)]
    problems += [] if takes_bytes else ["no function of the header takes bytes"]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"header: {len(declared)} functions, {len(types)} types, {len(macros)} macros; exported: the same functions, nothing else")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
