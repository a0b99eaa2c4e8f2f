"""Decides which calls run in the event loop and which in a thread of their own."""

from __future__ import annotations

from typing import Final

BUDGET_NS: Final = 5_000_000
"""How long one call may hold the event loop: as long as Python lets one thread hold the GIL."""

_PAYLOAD_NS: Final = 3_000
"""What a payload costs whatever its size, mostly in Python."""

_LEAST: Final = 16 * 1024
"""Calls on fewer bytes say nothing about what a byte costs."""

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

    def fits_the_loop(self, size: int, count: int) -> bool:
        """Say whether ``count`` payloads of ``size`` bytes altogether can be done in the loop."""
        return size <= _LEAST or size * self._rate + count * _PAYLOAD_NS <= BUDGET_NS

    def note(self, size: int, count: int, spent_ns: int) -> None:
        """Learn from a call on ``count`` payloads of ``size`` bytes altogether.

        The time is that of the thread, without what it waited for the GIL or for a busy machine:
        else a slow call in a thread would keep all later ones in threads.
        """
        if size < _LEAST:
            return
        rate = max(0, spent_ns - count * _PAYLOAD_NS) / size
        if self._measured:
            # One call that was held up by something else must not send the next ones to a thread.
            ceiling = _OUTLIER * self._rate + 1.0
            self._rate += (min(rate, ceiling) - self._rate) * _WEIGHT
        else:
            self._rate = rate
            self._measured = True
