"""What controllers do comes a moment later."""

import time
from collections.abc import Callable
from typing import Any

SECONDS = 60


def until(found: Callable[[], Any], otherwise: Callable[[], str]) -> Any:
    """What is found, once there is something; after a minute an error with what can be seen instead."""
    deadline = time.monotonic() + SECONDS
    while not (result := found()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"it did not come: {otherwise()}")
        time.sleep(0.5)
    return result
