"""Finding the native library."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution, version
from pathlib import Path

import pytest

import temporal_tdc
from temporal_tdc import _abi
from temporal_tdc._library import load
from temporal_tdc._native_call import is_native

HEADER = Path(__file__).parents[3] / "include" / "tdc.h"


@pytest.fixture
def fresh() -> Iterator[None]:
    """Forget the open library for one test."""
    load.cache_clear()
    yield
    load.cache_clear()


def test_the_wheel_carries_the_library_and_needs_no_compiler() -> None:
    package = Path(temporal_tdc.__file__).parent
    assert "site-packages" in package.parts
    assert Path(load().path).parent == package / "_lib"
    assert (package / "py.typed").exists()


def test_library_and_package_have_one_version() -> None:
    assert temporal_tdc.library_version() == version("temporal-tdc") == temporal_tdc.__version__


def test_the_wheel_carries_its_licence_and_what_it_runs_with() -> None:
    package = distribution("temporal-tdc")
    assert package.metadata["License-Expression"] == "Apache-2.0"
    licence = [file for file in package.files or [] if file.name == "LICENSE"]
    assert len(licence) == 1
    assert "Apache License" in licence[0].read_text()
    classifiers = package.metadata.get_all("Classifier") or []
    assert "Programming Language :: Python :: 3.10" in classifiers


@pytest.mark.usefixtures("fresh")
def test_a_named_library_is_the_only_one_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = tmp_path / "libtdc.so"
    monkeypatch.setenv("TDC_LIBRARY", str(missing))
    with pytest.raises(temporal_tdc.LibraryError) as caught:
        temporal_tdc.parse("version: 1\n")
    attempts = str(caught.value).splitlines()[1:]
    assert len(attempts) == 1
    assert f"environment variable TDC_LIBRARY: {missing}: " in attempts[0]
    assert not caught.value.transient


@pytest.mark.usefixtures("fresh")
def test_a_named_library_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = load().path
    load.cache_clear()
    monkeypatch.setenv("TDC_LIBRARY", packaged)
    assert load().path == packaged


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(("needed", "advice"), [(2, "newer temporal-tdc"), (4, "older")])
def test_another_abi_version_is_refused_with_advice(
    monkeypatch: pytest.MonkeyPatch, needed: int, advice: str
) -> None:
    monkeypatch.setattr(_abi, "ABI_VERSION", needed)
    with pytest.raises(temporal_tdc.LibraryError) as caught:
        temporal_tdc.library_version()
    _, packaged, system = str(caught.value).splitlines()
    assert f"it has ABI version 3, this package needs {needed}: " in packaged
    assert advice in packaged
    assert system.startswith("  the system: ")


@pytest.mark.usefixtures("fresh")
def test_a_library_of_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    libc = next(
        line.split()[-1]
        for line in Path("/proc/self/maps").read_text().splitlines()
        if "libc.so" in line
    )
    monkeypatch.setenv("TDC_LIBRARY", libc)
    with pytest.raises(temporal_tdc.LibraryError, match="not a usable libtdc"):
        temporal_tdc.library_version()


def test_the_extension_module_is_used_unless_the_environment_says_otherwise() -> None:
    pure = os.environ.get("TEMPORAL_TDC_PURE", "") not in ("", "0")
    assert is_native() is not pure


@pytest.mark.parametrize("damage", ["import", "version"])
def test_an_extension_module_that_does_not_fit_is_left_alone(damage: str) -> None:
    code = (
        "import sys, types\n"
        "module = types.ModuleType('temporal_tdc._native')\n"
        "module.ABI_VERSION = 0\n"
        f"sys.modules[module.__name__] = module if {damage == 'version'} else None\n"
        "from temporal_tdc._native_call import is_native\n"
        "sys.exit(is_native())\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_importing_does_not_load_the_library() -> None:
    code = "import os, temporal_tdc; os._exit('libtdc' in open('/proc/self/maps').read())"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_every_function_of_the_header_is_declared() -> None:
    code = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.DOTALL)
    assert set(re.findall(r"\b(tdc_\w+)\(", code)) == set(_abi.FUNCTIONS)
