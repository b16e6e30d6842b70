"""Files that only the holder of a key can read or change unnoticed (ChaCha20-Poly1305, RFC 8439), replaced whole."""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from flows.durable import write_durably
from flows.errors import MarktechoError

_NONCE_BYTES = 12


def write_sealed(path: Path, content: bytes, key: bytes) -> None:
    """Write a file anew, readable by the owner only; after a crash the old or the new content is there."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    write_durably(path, nonce + ChaCha20Poly1305(key).encrypt(nonce, content, path.name.encode()))


def read_sealed(path: Path, key: bytes) -> bytes:
    """Read a sealed file. Raises MarktechoError when it is damaged or was sealed with another key."""
    data = path.read_bytes()
    try:
        return ChaCha20Poly1305(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], path.name.encode())
    except (InvalidTag, ValueError):
        raise MarktechoError(
            f"{path}: is damaged, or was made with another watchlist key. Restore file and key from one backup, or "
            "delete the file and add terms and documents again."
        ) from None
