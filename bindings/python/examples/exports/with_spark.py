"""Exported histories in Spark, as docs/howto/spark-and-ray.md shows it."""

from __future__ import annotations

from typing import Any

from temporal_tdc import spark as tdc_spark


def job(spark: Any) -> None:
    """Write a row an event, as Parquet files; the tasks write them."""
    tdc_spark.export_to_parquet(spark, ["/exports"], "/events", config="/etc/tdc/tdc.yaml")


def written_by_spark(spark: Any) -> None:
    """Do the same, written by Spark where it can write."""
    events = tdc_spark.export_events(spark, ["/exports"], config="/etc/tdc/tdc.yaml")
    events.write.partitionBy("namespace").parquet("hdfs://namenode/events")


def histories_as_a_column(spark: Any) -> tuple[Any, Any, Any]:
    """Return histories that are decoded, as rows, and encoded by another configuration."""
    exports = tdc_spark.read_exports(spark, ["/exports"])  # namespace, file, item, history
    decoded = tdc_spark.decode_histories(exports, config="/etc/tdc/tdc.yaml")
    events = tdc_spark.history_events(exports, config="/etc/tdc/tdc.yaml")
    moved = tdc_spark.rewrap_histories(exports, config="/etc/tdc/old.yaml", to="/etc/tdc/new.yaml")
    return decoded, events, moved
