"""Authors become keyed hashes: the same author always the same key, and no way back without the secret."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from flows.home import Home
from flows.key_files import open_key

DIGEST_BYTES = 16


@dataclass(frozen=True)
class Pseudonyms:
    """Turns authors into `author_key`s. Holds the secret: never log or pickle it."""

    key: bytes = field(repr=False)

    @classmethod
    def open(cls, home: Home) -> Pseudonyms:
        """Read the key of this installation; on first use make one, readable by the owner only.

        Raises KeyFileError when the file is there but damaged.
        """
        path = home.secrets / "pseudonym.key"
        return cls(open_key(path, "pseudonym key", "known authors would get new pseudonyms"))

    def author_key(self, platform: str, author: str) -> str:
        """Give the pseudonym of an author: 32 hex digits, keyed BLAKE2b (RFC 7693) over platform and author.

        `platform` is the connector's type, so that two sources on one platform agree about an author. `author` is the
        handle or id as the platform gives it; case, a leading @ and surrounding blanks make no difference.
        """
        name = author.strip().removeprefix("@").casefold()
        data = f"{platform}\x1f{name}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=self.key, digest_size=DIGEST_BYTES, person=b"author").hexdigest()
