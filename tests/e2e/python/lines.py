"""The lines that the worker says to the test."""

import sys


def say(what: str) -> None:
    """Says one line by one write: its threads say lines at the same time, and print writes a line's end apart."""
    sys.stdout.write(f"e2e: {what}\n")
    sys.stdout.flush()
