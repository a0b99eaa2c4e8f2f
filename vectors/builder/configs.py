"""The configuration documents that many vectors share. All keys are inline: a vector reads no file and no environment."""

from __future__ import annotations

import base64

from builder.layers import KEY, KEY_ID, OTHER_KEY, OTHER_KEY_ID


def inline(key: bytes) -> str:
    """A ring entry's source."""
    return f"{{ insecure_inline: {base64.b64encode(key).decode()} }}"


def ring(primary: str = KEY_ID, keys: dict[str, bytes] | None = None) -> str:
    """The `keys` block, with the samples' key unless others are given."""
    keys = {KEY_ID: KEY} if keys is None else keys
    lines = [f'    "{key_id}": {inline(key)}' for key_id, key in keys.items()]
    return "\n".join(["keys:", f'  primary: "{primary}"', "  ring:", *lines, ""])


def document(*blocks: str) -> str:
    """`version: 1`, then the blocks, each ending in one line feed."""
    return "version: 1\n" + "".join(block.rstrip("\n") + "\n" for block in blocks)


KEYS = ring()
TWO_KEYS = ring(keys={KEY_ID: KEY, OTHER_KEY_ID: OTHER_KEY})

#: Decodes everything that needs no key, encodes nothing.
NOTHING = document()
KEYS_ONLY = document(KEYS)
KEYS_AND_ENCRYPT = document(KEYS, "codecs: [encrypt]")
TWO_KEYS_AND_ENCRYPT = document(TWO_KEYS, "codecs: [encrypt]")
REQUIRED = document(KEYS, "codecs:\n  - encrypt: { required: true }")


def codecs(*names: str) -> str:
    """A document without keys and with these codecs."""
    return document(f"codecs: [{', '.join(names)}]")


def limits(text: str, *blocks: str) -> str:
    """A document with `limits: { text }` and any other blocks."""
    return document(*blocks, f"limits: {{ {text} }}")
