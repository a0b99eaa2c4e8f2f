"""Exported histories in Ray, as docs/howto/spark-and-ray.md shows it."""

from __future__ import annotations

from temporal_tdc import ray as tdc_ray


def job() -> None:
    """Write a row an event, as Parquet files."""
    exports = tdc_ray.read_exports(["/exports"])
    events = tdc_ray.history_events(exports, config="/etc/tdc/tdc.yaml")
    events.write_parquet("/events")
