"""Decides which calls run in the event loop and which in a thread of their own."""

from __future__ import annotations

from typing import Final

BUDGET_NS: Final = 2_000_000
"""How long one call may hold the event loop: two milliseconds."""

_UNKNOWN_RATE: Final = 20.0
"""Before the first measurement we expect 20 ns a byte: compression, not encryption."""

_WEIGHT: Final = 0.25
_OUTLIER: Final = 4.0


class Pace:
    """Learns how long a byte takes.

    A chain that compresses is some hundred times slower than one that only encrypts, and the
    binding does not know which one the config asks for. A handover to a thread costs some 50 µs, so
    what is quick enough stays in the event loop.
    """

    def __init__(self) -> None:
        """Begin with a careful guess."""
        self._rate = _UNKNOWN_RATE
        self._measured = False

    def fits_the_loop(self, size: int) -> bool:
        """Say whether a call on ``size`` bytes is short enough to be made in the event loop."""
        return size * self._rate <= BUDGET_NS

    def note(self, size: int, elapsed_ns: int) -> None:
        """Learn from a call that took ``elapsed_ns`` for ``size`` bytes."""
        rate = elapsed_ns / size
        if self._measured:
            # One call that was held up by something else must not send the next ones to a thread.
            self._rate += (min(rate, _OUTLIER * self._rate) - self._rate) * _WEIGHT
        else:
            self._rate = rate
            self._measured = True
