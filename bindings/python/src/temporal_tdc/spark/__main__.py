"""``python -m temporal_tdc.spark``: exports of Temporal Cloud to Parquet, a row an event."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from temporal_tdc import _bulk
from temporal_tdc._errors import TdcError
from temporal_tdc.spark import export_to_parquet


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m temporal_tdc.spark", description=__doc__)
    add = parser.add_argument
    add("exports", nargs="+", metavar="EXPORTS", help="files and folders of exports")
    add("out", metavar="OUT", help="the folder of Parquet files, empty or not there yet")
    add("--config", required=True, help="the tdc.yaml, at this path on every executor")
    add("--master", help="the cluster, such as spark://HOST:7077; spark-defaults.conf says it, too")
    add("--partitions", type=int, help="how many tasks; one for each file if not given")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--namespace", help="the namespace of all histories")
    which.add_argument(
        "--namespace-from-path",
        action="store_true",
        help="refuse files that are not below temporal-workflow-history/export/<namespace>/",
    )
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run the job."""
    asked = _arguments(given)
    builder = _bulk.module("pyspark.sql", "pyspark").SparkSession.builder.appName("temporal-tdc")
    if asked.master:
        builder = builder.master(asked.master)
    spark = builder.getOrCreate()
    try:
        rows = export_to_parquet(
            spark,
            asked.exports,
            asked.out,
            config=Path(asked.config).absolute(),
            namespace=asked.namespace,
            namespace_from_path=asked.namespace_from_path,
            partitions=asked.partitions,
        )
        print(f"temporal_tdc.spark: {rows} events in {asked.out}", file=sys.stderr)  # noqa: T201
    except (TdcError, FileExistsError, FileNotFoundError) as error:
        print(f"temporal_tdc.spark: {error}", file=sys.stderr)  # noqa: T201
        return 1
    finally:
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
