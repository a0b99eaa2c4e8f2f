"""Key files, as the test itself and the key providers of the Python worker read them."""

import base64
from pathlib import Path


def read_key(folder: Path, key_id: str) -> bytes:
    """The 32 bytes of a key that `tdc keygen` made."""
    return base64.b64decode((folder / f"{key_id}.key").read_text())
