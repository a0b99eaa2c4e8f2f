"""Key providers with the faults of a real one: one takes long, one is away the first two times it is asked."""

import base64
import sys
import time
from collections import Counter
from pathlib import Path


class SlowProvider:
    """An ordinary function that blocks for longer than the SDK lets workflow code run without giving way."""

    def __init__(self, vault: Path) -> None:
        self._vault = vault

    def __call__(self, key_id: str) -> bytes | None:
        """Hands out the key after 3 s."""
        _tell(key_id)
        time.sleep(3)
        return _read(self._vault, key_id)


class FlakyProvider:
    """A coroutine function that raises twice for each key."""

    def __init__(self, vault: Path) -> None:
        self._vault = vault
        self._asked: Counter[str] = Counter()

    async def __call__(self, key_id: str) -> bytes | None:
        """Hands out the key from the third time on."""
        _tell(key_id)
        self._asked[key_id] += 1
        if self._asked[key_id] <= 2:
            raise ConnectionError("the vault is away")
        return _read(self._vault, key_id)


def _tell(key_id: str) -> None:
    # One write each: the providers run in threads of their own, and print writes a line's end apart.
    sys.stdout.write(f"e2e: asked {key_id}\n")
    sys.stdout.flush()


def _read(vault: Path, key_id: str) -> bytes | None:
    file = vault / f"{key_id}.key"
    return base64.b64decode(file.read_text()) if file.exists() else None
