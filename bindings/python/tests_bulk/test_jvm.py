"""The example for Spark on the JVM: compiled, run, and compared with what Python decodes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pyspark
import pytest
from conftest import Exports
from pyarrow import parquet
from support import decoded_here, read_here, sorted_histories

JAVA = Path(__file__).parents[2] / "java"
JARS = sorted((JAVA / "target").glob("tdc-*[0-9].jar"))
# Spark brings its own.
SPARKS = ("jackson", "netty", "slf4j", "logback")


@pytest.mark.skipif(not JARS, reason="scripts/test-bulk found no Maven to build the jar with")
def test_the_example_decodes_the_same(exports: Exports, tmp_path: Path) -> None:
    home = Path(pyspark.__file__).parent
    needed = (JAVA / "target" / "class-path.txt").read_text().split(os.pathsep)
    ours = [path for path in needed if not any(name in Path(path).name for name in SPARKS)]
    class_path = os.pathsep.join([str(JARS[-1]), *ours])
    classes, jar = tmp_path / "classes", tmp_path / "example.jar"
    tools = Path(os.environ["JAVA_HOME"]) / "bin"
    lint = ["-Xlint:all,-classfile,-processing,-path,-options", "-Werror", "--release", "17"]
    against = os.pathsep.join([class_path, f"{home}/jars/*"])
    run(tools / "javac", *lint, "-d", classes, "-cp", against, JAVA / "spark/DecodeHistories.java")
    run(tools / "jar", "--create", "--file", jar, "-C", classes, ".")

    encoded = read_here(exports.folder / "orders")
    (tmp_path / "in").mkdir()
    parquet.write_table(encoded, tmp_path / "in" / "histories.parquet")
    run(
        *(home / "bin" / "spark-submit", "--master", "local[1]"),
        *("--driver-class-path", class_path, "--conf", "spark.ui.enabled=false"),
        *("--class", "DecodeHistories", jar),
        *(tmp_path / "in", tmp_path / "out", exports.config, "orders"),
    )
    found = sorted_histories(parquet.read_table(tmp_path / "out"))
    assert found == sorted_histories(decoded_here(exports.config, encoded))


def run(*command: str | Path) -> None:
    """Run a command that has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
