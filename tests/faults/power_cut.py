"""A disk that loses at a power cut whatever nobody waited for: contents not synced, names not synced."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Disk:
    """Watches what a process does to the files of a folder, in a journal that survives the process."""

    def __init__(self, folder: Path, journal: Path) -> None:
        self._folder = folder
        self._journal = journal
        self._undo = journal.with_suffix(".undo")
        self._undo.mkdir()
        self._old_inodes = {path.stat().st_ino for path in folder.rglob("*")}

    def watch(self) -> None:
        """From now on, in this process, write down every sync and every change of a name."""
        fsync, replace, link = os.fsync, os.replace, os.link

        def noted_fsync(handle: Any) -> None:
            fsync(handle)
            number = handle if isinstance(handle, int) else handle.fileno()
            self._note("sync", str(Path(f"/proc/self/fd/{number}").readlink()), inode=os.fstat(number).st_ino)

        def noted_replace(source: Any, target: Any, **more: Any) -> None:
            kept = self._keep(target)
            replace(source, target, **more)
            self._note("replace", str(source), target=str(target), kept=kept)

        def noted_link(source: Any, target: Any, **more: Any) -> None:
            link(source, target, **more)
            self._note("link", str(source), target=str(target))

        os.fsync, os.replace, os.link = noted_fsync, noted_replace, noted_link  # type: ignore[assignment]

    def lose(self) -> bool:
        """Do to the folder what a power cut may do after all that the journal tells: lose all that was not synced.

        Returns whether there was anything to lose.
        """
        notes = [json.loads(line) for line in self._journal.read_text().splitlines()] if self._journal.exists() else []
        durable = self._old_inodes | {note["inode"] for note in notes if note["what"] == "sync"}
        unwritten = [path for path in self._folder.rglob("*") if path.is_file() and path.stat().st_ino not in durable]
        for path in unwritten:
            with path.open("r+b") as file:
                file.truncate(path.stat().st_size // 2)
        unnamed = [
            note
            for position, note in enumerate(notes)
            if note["what"] != "sync" and not _is_synced(Path(note["target"]).parent, notes[position:])
        ]
        for note in reversed(unnamed):
            self._take_back(note)
        return bool(unwritten or unnamed)

    def _take_back(self, note: dict[str, Any]) -> None:
        target = Path(note["target"])
        if note["what"] == "replace" and target.exists():
            target.rename(note["path"])
        target.unlink(missing_ok=True)
        if note.get("kept"):
            Path(note["kept"]).rename(target)

    def _keep(self, target: Any) -> str | None:
        if not Path(target).exists():
            return None
        kept = self._undo / str(len(list(self._undo.iterdir())))
        _LINK(target, kept)
        return str(kept)

    def _note(self, what: str, path: str, **more: Any) -> None:
        with self._journal.open("a") as file:
            file.write(json.dumps({"what": what, "path": path, **more}) + "\n")


def _is_synced(folder: Path, later: list[dict[str, Any]]) -> bool:
    return any(note["what"] == "sync" and Path(note["path"]) == folder for note in later)


_LINK: Callable[..., None] = os.link
