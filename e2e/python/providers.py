"""Key providers with the faults of a real one: one takes long, one is away the first two times it is asked."""

import base64
import time
from collections import Counter
from pathlib import Path

from lines import say


class SlowProvider:
    """An ordinary function that blocks for longer than the SDK lets workflow code run without giving way."""

    def __init__(self, vault: Path) -> None:
        self._vault = vault

    def __call__(self, key_id: str) -> bytes | None:
        """Hands out the key after 3 s."""
        say(f"asked {key_id}")
        time.sleep(3)
        return _read(self._vault, key_id)


class FlakyProvider:
    """A coroutine function that raises twice for each key."""

    def __init__(self, vault: Path) -> None:
        self._vault = vault
        self._asked: Counter[str] = Counter()

    async def __call__(self, key_id: str) -> bytes | None:
        """Hands out the key from the third time on."""
        say(f"asked {key_id}")
        self._asked[key_id] += 1
        if self._asked[key_id] <= 2:
            raise ConnectionError("the vault is away")
        return _read(self._vault, key_id)


def _read(vault: Path, key_id: str) -> bytes | None:
    file = vault / f"{key_id}.key"
    return base64.b64decode(file.read_text()) if file.exists() else None
