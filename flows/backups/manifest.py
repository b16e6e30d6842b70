"""What a backup holds: every file with its size and digest, every table of the warehouse with its rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b, file_digest
from pathlib import Path

from flows.errors import MarktechoError, UsageError

FORMAT = 1
MANIFEST = "manifest.json"
PREFIX = "marktecho-"
DIGEST_BYTES = 32


@dataclass(frozen=True)
class Entry:
    """A file of a backup: `path` from its root, `size` in bytes, when the original was modified, its BLAKE2b-256."""

    path: str
    size: int
    modified_ns: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds; `tables` are the warehouse's, with their rows, `has_keys` whether secrets/ is in it."""

    created_at: str
    marktecho: str
    schema_version: int | None
    tables: dict[str, int]
    has_keys: bool
    files: list[Entry]
    format: int = field(default=FORMAT)

    def to_json(self) -> bytes:
        """As it is stored."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def read(cls, backup: Path) -> Manifest:
        """Read the manifest of a backup. Raises UsageError when there is none that this Marktecho understands."""
        path = backup / MANIFEST
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise UsageError(f"{backup}: no backup; name a folder that `marktecho backup` has made.") from None
        except ValueError as error:
            raise MarktechoError(f"{path}: damaged ({error}). Use another backup.") from None
        if content.get("format") != FORMAT:
            raise UsageError(
                f"{path}: has format {content.get('format')}, this Marktecho knows {FORMAT}. Use the one that made it."
            )
        return cls(**{**content, "files": [Entry(**entry) for entry in content["files"]]})


def digest(path: Path) -> str:
    """BLAKE2b-256 of a file's content, hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=DIGEST_BYTES)).hexdigest()


def damaged_files(backup: Path, manifest: Manifest) -> Iterator[str]:
    """Say of every file of a backup that is not as it was written what is wrong with it."""
    for entry in manifest.files:
        path = backup / entry.path
        if not path.is_file():
            yield f"{path}: is missing"
        elif path.stat().st_size != entry.size or digest(path) != entry.digest:
            yield f"{path}: is not as it was written"


def complete_backups(folder: Path) -> list[Path]:
    """The complete backups in a folder, oldest first."""
    return sorted(path.parent for path in folder.glob(f"{PREFIX}*/{MANIFEST}"))


def backup_name(now: datetime) -> str:
    """The name of a backup made now; sorts by time."""
    return f"{PREFIX}{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
