"""Secret keys in files of their own: made once, complete or not at all, readable by the owner only."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path

from flows.errors import MarktechoError

log = logging.getLogger(__name__)

KEY_BYTES = 32


class KeyFileError(MarktechoError):
    """A key file cannot be used; going on with another key would not fit what was made with the old one."""


def open_key(path: Path, name: str, loss: str, *, is_chain: bool = False) -> bytes:
    """Read a key of KEY_BYTES bytes, or a chain of such keys; on first use make one.

    `name` (such as "pseudonym key") and `loss`, what happens without the old key, stand in the message.
    Raises KeyFileError when the file is there but damaged.
    """
    if not path.exists():
        _create(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES and not (is_chain and key and len(key) % KEY_BYTES == 0):
        raise KeyFileError(
            f"{path}: the {name} must have {KEY_BYTES} bytes, but has {len(key)}. Restore the file from your backup; "
            f"without it {loss}."
        )
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
        log.warning("%s was readable by others; its permissions are now 0600", path)
    return key


def next_key_file(path: Path) -> Path:
    """Where the chain with one key more lies until it is in use."""
    return path.with_name(f"{path.name}.next")


def prepare_next_key(path: Path) -> Path:
    """Write the chain of `path` with a new key at its end beside it, durably; one that is there already is kept."""
    target = next_key_file(path)
    if not target.exists():
        _create(target, path.read_bytes())
    return target


def take_next_key(path: Path) -> None:
    """Put the prepared chain in the place of the old one, durably."""
    next_key_file(path).replace(path)
    _sync_folder(path.parent)


def _create(path: Path, before: bytes = b"") -> None:
    """Write a new key: nobody, not even after a crash, sees half a key, and two processes never two."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(before + secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        _sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
