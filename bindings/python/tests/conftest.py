"""The fixtures. The tests run against the installed wheel, not against the source folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support import SERVER, config

import temporal_tdc

collect_ignore = [] if SERVER.exists() else ["test_server.py"]


@pytest.fixture
def tdc() -> Iterator[temporal_tdc.Tdc]:
    """An open config that encrypts."""
    with temporal_tdc.parse(config()) as opened:
        yield opened


@pytest.fixture
def make_tdc() -> Iterator[Callable[..., temporal_tdc.Tdc]]:
    """Open any number of configs; all are closed after the test."""
    opened: list[temporal_tdc.Tdc] = []

    def make(document: str, **options: Any) -> temporal_tdc.Tdc:
        opened.append(temporal_tdc.parse(document, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report how many vectors were run, so that a missing one is noticed."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if "test_vectors.py::test_vector[" in report.nodeid and report.when == "call"
    ]
    terminalreporter.write_line(f"vectors: python ran {len(reports)}")
    if not SERVER.exists():
        terminalreporter.write_line(
            "tests with a real server: skipped, because target/e2e/temporal is absent "
            "(`make test-e2e` builds it)"
        )
