"""Authors become keyed hashes: the same author always the same key, and no way back without the secret."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from flows.errors import MarktechoError
from flows.home import Home

log = logging.getLogger(__name__)

KEY_BYTES = 32
DIGEST_BYTES = 16


class PseudonymKeyError(MarktechoError):
    """The key file cannot be used; going on with another key would split every author in two."""


@dataclass(frozen=True)
class Pseudonyms:
    """Turns authors into `author_key`s. Holds the secret: never log or pickle it."""

    key: bytes = field(repr=False)

    @classmethod
    def open(cls, home: Home) -> Pseudonyms:
        """Read the key of this installation; on first use make one, readable by the owner only.

        Raises PseudonymKeyError when the file is there but damaged.
        """
        path = home.secrets / "pseudonym.key"
        if not path.exists():
            _create(path)
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise PseudonymKeyError(
                f"{path}: the pseudonym key must have {KEY_BYTES} bytes, but has {len(key)}. Restore the file from "
                "your backup; without it known authors would get new pseudonyms."
            )
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
            log.warning("%s was readable by others; its permissions are now 0600", path)
        return cls(key)

    def author_key(self, platform: str, author: str) -> str:
        """Give the pseudonym of an author: 32 hex digits, keyed BLAKE2b (RFC 7693) over platform and author.

        `platform` is the connector's type, so that two sources on one platform agree about an author. `author` is the
        handle or id as the platform gives it; case, a leading @ and surrounding blanks make no difference.
        """
        name = author.strip().removeprefix("@").casefold()
        data = f"{platform}\x1f{name}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=self.key, digest_size=DIGEST_BYTES, person=b"author").hexdigest()


def _create(path: Path) -> None:
    """Write a new key: nobody, not even after a crash, sees half a key, and two processes never two."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        draft.unlink(missing_ok=True)
