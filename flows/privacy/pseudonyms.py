"""Authors become keyed hashes: the same author always the same key, and no way back without the secret."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from flows.home import Home
from flows.key_files import KEY_BYTES, KeyFileError, next_key_file, open_key

DIGEST_BYTES = 16


@dataclass(frozen=True)
class Pseudonyms:
    """Turns authors into `author_key`s. Holds the secret: never log or pickle it."""

    key: bytes = field(repr=False)

    @classmethod
    def open(cls, home: Home) -> Pseudonyms:
        """Read the key of this installation; on first use make one, readable by the owner only.

        Raises KeyFileError when the file is there but damaged, or when a rotation of the key has been cut off.
        """
        path = key_file(home)
        if next_key_file(path).exists():
            raise KeyFileError(f"{path}: its rotation was cut off. Run `marktecho secret rotate` to finish it.")
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Pseudonyms:
        """Read the key in a file, whether or not it is the one in use."""
        return cls(open_key(path, "pseudonym key", "known authors would get new pseudonyms", is_chain=True))

    def author_key(self, platform: str, author: str) -> str:
        """Give the pseudonym of an author: 32 hex digits, keyed BLAKE2b (RFC 7693) over platform and author.

        `platform` is the connector's type, so that two sources on one platform agree about an author. `author` is the
        handle or id as the platform gives it; case, a leading @ and surrounding blanks make no difference. After a
        rotation the key is a chain: each new part is applied to the pseudonym that those before it made.
        """
        name = author.strip().removeprefix("@").casefold()
        pseudonym = _keyed(f"{platform}\x1f{name}", self.key[:KEY_BYTES])
        for at in range(KEY_BYTES, len(self.key), KEY_BYTES):
            pseudonym = _keyed(pseudonym, self.key[at : at + KEY_BYTES])
        return pseudonym

    def renewed(self, pseudonym: str) -> str:
        """What the last part of the chain makes of a pseudonym made by the parts before it."""
        return _keyed(pseudonym, self.key[-KEY_BYTES:])


def key_file(home: Home) -> Path:
    """Where the key of the pseudonyms lies."""
    return home.secrets / "pseudonym.key"


def _keyed(text: str, key: bytes) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, key=key, digest_size=DIGEST_BYTES, person=b"author").hexdigest()
