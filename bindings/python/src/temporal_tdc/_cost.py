"""What calls cost, and what is chosen by it: their shape, and the event loop or a thread.

The number of copies and of fresh memory pages decides (measured; peers/python/README.md has the
figures). Small payloads travel together, as a serialised ``Payloads``: one call and one parse for
all of them, 3.3 to 4 times as fast up to 1 KiB and still 1.8 times at 8 KiB, but a loss at 64 KiB.
From 128 KiB up the contents cross the boundary as a slice of their own, since serialising a payload
copies it twice, and a large answer is parsed in place.
"""

from __future__ import annotations

from typing import Final

SMALL: Final = 72 * 1024
"""A payload up to here is answered into a fixed buffer."""

BATCHED: Final = 16 * 1024
"""Payloads up to this mean size travel together ..."""

BATCH: Final = 384 * 1024
"""... in batches of about so many bytes."""

TWO_SLICES: Final = 128 * 1024
"""The contents of a payload from here on are a slice of their own."""

IN_THE_LOOP: Final = 16 * 1024
"""Longer messages, and longer lists for a codec server, go to a thread: their cost is unknown."""

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


class Cost:
    """Learns how long a byte takes.

    A chain that compresses is some hundred times slower than one that only encrypts, and the
    binding does not know which one the config asks for. A handover to a thread costs some 50 µs, so
    what is quick enough stays in the event loop.

    Attributes:
        size: The (mean) size of the payloads before: sizes in a row are mostly alike.
    """

    def __init__(self) -> None:
        """Begin with a careful guess."""
        self.size = 0
        self._rate = _UNKNOWN_RATE
        self._measured = False

    def fits_the_loop(self, count: int) -> bool:
        """Say whether ``count`` more payloads like the last one can be done in the event loop."""
        size = self.size * count
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
