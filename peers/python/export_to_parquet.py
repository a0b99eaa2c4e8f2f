"""Exports to Parquet by Spark with one core: ``export_to_parquet.py CONFIG FOLDER``.

Prints the seconds of a second job in the same application: Spark's start is not measured.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from temporal_tdc import spark as tdc_spark


def main() -> None:
    """Run the job twice."""
    config, folder = sys.argv[1:]
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # Only scripts/test-bulk installs it.
    session: Any = importlib.import_module("pyspark.sql").SparkSession
    spark = (
        session.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    with tempfile.TemporaryDirectory() as name:
        for attempt in ("first", "second"):
            started = time.perf_counter()
            tdc_spark.export_to_parquet(spark, [folder], str(Path(name) / attempt), config=config)
            seconds = time.perf_counter() - started
        rows = spark.read.parquet(str(Path(name) / "second")).count()
    print(f"{rows} {seconds:.2f}")


main()
