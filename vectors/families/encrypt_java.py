"""The Java sample's three-key form, where the key id *is* the key, and the forgery that it invites."""

from __future__ import annotations

from builder.configs import KEYS_ONLY, NOTHING, TWO_KEYS_AND_ENCRYPT, document, ring
from builder.layers import INNER, JAVA_CIPHER, KEY, KEY_ID, NONCE, OTHER_KEY, encrypted, encrypted_java, encrypted_metadata, seal
from builder.vector import Expect, Family, Vector, fails, gives
from builder.wire import payload, payloads, plain

SOURCE = "samples-java encryptedpayloads CryptCodec's form, sealed by PyPI cryptography"
FORGED = "made up: what an attacker who may write payloads would send"
#: A key whose bytes are a key id as well.
TEXT_KEY = b"abcdefghijklmnopqrstuvwxyz-01234"
ATTACKER = b"attacker-attacker-attacker-key-!"


def _decode(name: str, comment: str, item: bytes, expect: Expect, source: str = SOURCE, **more: str) -> Vector:
    return Vector(name, source, comment, "decode", expect, input=payloads(item), **more)


def _java() -> list[Vector]:
    only_other = document(ring("other", {"other": OTHER_KEY}))
    reordered = payload([("encryption-key-id", KEY), ("encryption-cipher", JAVA_CIPHER), ("encoding", b"binary/encrypted")], seal(INNER))
    binary_key = bytes(range(200, 232))
    named_like_a_key = document(ring("other", {"other": TEXT_KEY, TEXT_KEY.decode(): OTHER_KEY}))
    return [
        _decode("java-opens", "the id is the key's own bytes, and the ring has that key", encrypted_java(INNER), gives(INNER)),
        _decode("java-opens-decode-only", "without a codecs list", encrypted_java(INNER), gives(INNER), config=KEYS_ONLY),
        _decode("java-opens-two-keys", "the ring has several keys", encrypted_java(INNER), gives(INNER), config=TWO_KEYS_AND_ENCRYPT),
        _decode(
            "java-opens-by-ring-id",
            "the three-key form with an id of the ring",
            encrypted_java(INNER, key_id=KEY_ID.encode()),
            gives(INNER),
        ),
        _decode("java-opens-reordered", "metadata in another order", reordered, gives(INNER)),
        _decode("java-opens-null", "a payload without data", encrypted_java(plain("binary/null")), gives(plain("binary/null"))),
        _decode(
            "java-key-not-in-ring",
            "the key that the id spells is not in the ring",
            encrypted_java(INNER),
            fails("KEY_UNKNOWN"),
            config=only_other,
        ),
        _decode("java-no-keys", "a config without any key source", encrypted_java(INNER), gives(encrypted_java(INNER)), config=NOTHING),
        _decode(
            "java-flipped-tag",
            "the last bit of the tag flipped",
            payload(
                {"encoding": b"binary/encrypted", "encryption-cipher": JAVA_CIPHER, "encryption-key-id": KEY},
                seal(INNER)[:-1] + bytes([seal(INNER)[-1] ^ 1]),
            ),
            fails("AUTHENTICATION"),
        ),
        _decode(
            "java-data-short",
            "27 bytes of data",
            payload({"encoding": b"binary/encrypted", "encryption-cipher": JAVA_CIPHER, "encryption-key-id": KEY}, bytes(27)),
            fails("CIPHERTEXT"),
        ),
        _decode(
            "java-no-key-id",
            "no key id",
            payload({"encoding": b"binary/encrypted", "encryption-cipher": JAVA_CIPHER}, seal(INNER)),
            fails("CIPHERTEXT"),
        ),
        _decode("java-empty-key-id", "an empty key id", encrypted_java(INNER, key_id=b""), fails("CIPHERTEXT")),
        _decode(
            "java-other-cipher",
            "a cipher that is not AES/GCM/NoPadding",
            encrypted_java(INNER, cipher=b"AES/CBC/PKCS5Padding"),
            fails("CIPHERTEXT"),
        ),
        _decode("java-empty-cipher", "an empty cipher", encrypted_java(INNER, cipher=b""), fails("CIPHERTEXT")),
        _decode(
            "java-cipher-case", "the cipher is compared as bytes", encrypted_java(INNER, cipher=b"aes/gcm/nopadding"), fails("CIPHERTEXT")
        ),
        _decode(
            "java-binary-key-id",
            "a key whose bytes are no text, as id",
            encrypted_java(INNER, binary_key),
            gives(INNER),
            config=document(ring("bin", {"bin": binary_key})),
        ),
        _decode(
            "java-ring-id-before-bytes",
            "the id names one key of the ring and spells another: the name counts",
            encrypted_java(INNER, OTHER_KEY, TEXT_KEY),
            gives(INNER),
            config=named_like_a_key,
        ),
        _decode(
            "java-ring-id-before-bytes-only",
            "so the key that it spells does not open it",
            encrypted_java(INNER, TEXT_KEY),
            fails("AUTHENTICATION"),
            config=named_like_a_key,
        ),
        _decode("java-inside-ours", "an old Java payload under a new layer", encrypted(encrypted_java(INNER)), gives(INNER)),
    ]


def _forgeries() -> list[Vector]:
    self_keyed = encrypted_java(INNER, ATTACKER)
    two_keys = payload(encrypted_metadata(ATTACKER), seal(INNER, ATTACKER))
    both_ids = payload(
        [
            ("encoding", b"binary/encrypted"),
            ("encryption-cipher", JAVA_CIPHER),
            ("encryption-key-id", KEY),
            ("encryption-key-id", ATTACKER),
        ],
        seal(INNER, ATTACKER),
    )
    named = payload(
        {"encoding": b"binary/encrypted", "encryption-cipher": JAVA_CIPHER, "encryption-key-id": KEY_ID.encode()}, seal(INNER, ATTACKER)
    )
    return [
        _decode(
            "forgery-self-keyed",
            "a payload that brings its own key as id: a key comes from the ring, never from metadata",
            self_keyed,
            fails("KEY_UNKNOWN"),
            FORGED,
        ),
        _decode("forgery-self-keyed-two-keys", "the same in the two-key form", two_keys, fails("KEY_UNKNOWN"), FORGED),
        _decode(
            "forgery-self-keyed-no-keys",
            "the same under a config without keys: left alone",
            self_keyed,
            gives(self_keyed),
            FORGED,
            config=NOTHING,
        ),
        _decode(
            "forgery-self-keyed-last-wins", "two key ids: the last counts, and it is the attacker's", both_ids, fails("KEY_UNKNOWN"), FORGED
        ),
        _decode(
            "forgery-self-keyed-inside",
            "inside an authentic layer it is a forgery all the same",
            encrypted(self_keyed),
            fails("KEY_UNKNOWN"),
            FORGED,
        ),
        _decode("forgery-ring-id-other-key", "the ring's id, but the attacker's key", named, fails("AUTHENTICATION"), FORGED),
        _decode(
            "forgery-key-as-id-without-cipher",
            "the two-key form knows ids only: a key's bytes are not an id",
            payload(encrypted_metadata(KEY), seal(INNER)),
            fails("KEY_UNKNOWN"),
            FORGED,
        ),
        _decode(
            "forgery-key-prefix-as-id",
            "the first 31 bytes of the ring's key as id",
            encrypted_java(INNER, key_id=KEY[:31]),
            fails("KEY_UNKNOWN"),
            FORGED,
        ),
        _decode(
            "forgery-key-longer-as-id",
            "the ring's key and one byte more as id",
            encrypted_java(INNER, key_id=KEY + b"!"),
            fails("KEY_UNKNOWN"),
            FORGED,
        ),
        _decode(
            "forgery-key-in-base64-as-id",
            "the ring's key in base64 as id",
            encrypted_java(INNER, key_id=b"dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE="),
            fails("KEY_UNKNOWN"),
            FORGED,
        ),
        _decode(
            "forgery-zero-key",
            "sealed with a key of zeros, which is its id too",
            encrypted_java(INNER, bytes(32), nonce=NONCE),
            fails("KEY_UNKNOWN"),
            FORGED,
        ),
        _decode(
            "forgery-short-key",
            "sealed with AES-128: the id is a key of 16 bytes",
            encrypted_java(INNER, ATTACKER[:16]),
            fails("KEY_UNKNOWN"),
            FORGED,
        ),
        Vector(
            "forgery-second-of-two",
            FORGED,
            "an authentic payload beside it does not help",
            "decode",
            fails("KEY_UNKNOWN", 1),
            input=payloads(encrypted(INNER), self_keyed),
        ),
    ]


JAVA = Family("encrypt-java.json", "The Java sample's form: encryption-cipher is there, and the key id is the key itself.", _java())
FORGERIES = Family("forgeries.json", "Payloads that bring their own key, or borrow a name.", _forgeries())
