"""What a connector keeps between runs besides its cursor: sign-in sessions, units spent today."""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Kept = dict[str, Any]
_CHANGES = threading.RLock()
"""Several sources of one process may share an entry."""


class Memory:
    """Small JSON objects by name. This one lasts as long as the process."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def read(self, name: str) -> Kept:
        """What was written under a name; empty when there is nothing (any more)."""
        return dict(self._kept.get(name, {}))

    def write(self, name: str, value: Kept) -> None:
        """Keep a value under a name, in place of the one before."""
        self._kept[name] = dict(value)

    def update(self, name: str, change: Callable[[Kept], Kept]) -> None:
        """Replace a value by what `change` makes of it; nobody else writes in between."""
        with _CHANGES:
            self.write(name, change(self.read(name)))


class FileMemory(Memory):
    """A file per name in a folder, readable by the owner only: it may hold sign-in sessions."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def read(self, name: str) -> Kept:
        """What was written under a name; empty when the file is missing or damaged: it can be made anew."""
        path = self._path(name)
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def write(self, name: str, value: Kept) -> None:
        """Write a new file and swap it in. Raises OSError when that is not possible."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(name)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(value, file)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not name or not all(letter.isalnum() or letter in "-_." for letter in name) or name.startswith("."):
            raise ValueError(f"{name!r} is no name for a file of a connector's memory")
        return self._folder / f"{name}.json"
