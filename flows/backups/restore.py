"""Bring an installation back from a backup: checked first, beside what is there, then file by file in its place."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.backups.backup import REPLACED, state_files
from flows.backups.manifest import MANIFEST, Manifest, complete_backups, damaged_files, digest
from flows.durable import sync, write_durably
from flows.erasure.again import erase_again
from flows.errors import MarktechoError, UsageError
from flows.home import Home
from flows.night import reporter
from flows.schema import migrations
from flows.versions import link, publishing
from flows.warehouse import exclusive, sql_folder


@dataclass(frozen=True)
class Restored:
    """What came back, without the posts that were forgotten since.

    `replaced` holds what was there before, None when the state folder was empty.
    """

    backup: Path
    created_at: str
    file_count: int
    mention_count: int
    forgotten_count: int
    replaced: Path | None


def restore(home: Home, backup: Path, *, replace: bool = False) -> Restored:
    """Bring back the state of a backup, or of the newest one in a folder of backups.

    All its files are checked before the first one is put in its place. What is there already is only touched with
    `replace`, and kept in `replaced-<time>/` of the state folder. Readers see the published marts of before or of the
    backup. Killed on the way, nothing else works here until it has been run again.
    Raises UsageError for no backup, one of a newer Marktecho, or a state folder in use without `replace`;
    MarktechoError for a damaged backup; WarehouseBusy when a run is at work.
    """
    chosen = _chosen(backup.expanduser().resolve())
    manifest = Manifest.read(chosen)
    newest = migrations(sql_folder() / "core")[-1].version
    if (manifest.schema_version or 0) > newest:
        raise UsageError(
            f"{chosen}: was made by Marktecho {manifest.marktecho} with schema version {manifest.schema_version}; this "
            f"one knows versions up to {newest}. Install that version first."
        )
    if not replace and any(path != home.erasure_log and not _is_key(home, path) for path in state_files(home)):
        raise UsageError(
            f"{home.root}: is in use. Restore to another --home, or add --replace: what is there is then kept in "
            f"{home.root / REPLACED}<time>."
        )
    if problems := list(damaged_files(chosen, manifest)):
        raise MarktechoError("The backup is damaged, nothing has been changed:\n" + "\n".join(problems))
    if not manifest.has_keys and not any(_is_key(home, path) for path in state_files(home)):
        raise UsageError(
            f"{chosen}: was made without the keys. Put them back into {home.secrets} first: with new ones every known "
            "author would get a new pseudonym."
        )
    _check_erasure_key(home, chosen)
    with exclusive(home), publishing(home):
        _stage(home, chosen, manifest)
        forgotten_count = erase_again(Home.locate(home.restoring))
        replaced = home.root / f"{REPLACED}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        _put_in_place(home, replaced)
    return Restored(
        chosen,
        manifest.created_at,
        len(manifest.files),
        manifest.tables.get("core.mentions", 0) - forgotten_count,
        forgotten_count,
        replaced if replaced.exists() else None,
    )


def _is_key(home: Home, path: Path) -> bool:
    return home.secrets in path.parents


def _chosen(backup: Path) -> Path:
    if (backup / MANIFEST).exists() or not backup.is_dir():
        return backup
    complete = complete_backups(backup)
    return complete[-1] if complete else backup


def _stage(home: Home, backup: Path, manifest: Manifest) -> None:
    """Copy the backup into the state folder, beside what is there, and read the copy."""
    home.restoring.mkdir(mode=0o700, exist_ok=True)
    for leftover in home.restoring.iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    report = reporter.get()
    for done, entry in enumerate(manifest.files):
        report("restore", done, len(manifest.files))
        target = home.restoring / entry.path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy2(backup / entry.path, target)
        sync(target)
        if digest(target) != entry.digest:
            raise MarktechoError(f"{target}: was not copied well; the disk may be failing. Run it again.")
    report("restore", len(manifest.files), len(manifest.files))
    _keep_forgotten(home, Home.at(home.restoring))


def _check_erasure_key(home: Home, backup: Path) -> None:
    """Raise UsageError when what was forgotten here could not be kept away with the key of the backup."""
    theirs = Home.at(backup).erasure_key
    if not (home.erasure_log.exists() and home.erasure_key.exists() and theirs.exists()):
        return
    if theirs.read_bytes() != home.erasure_key.read_bytes():
        raise UsageError(
            f"{backup}: has another {theirs.name} than {home.root}, so what was forgotten here would come back. "
            "It is of another installation: restore it to another --home."
        )


def _keep_forgotten(home: Home, staged: Home) -> None:
    """Add what the log of erasures says here to that of the backup: who was forgotten since stays forgotten."""
    if not home.erasure_log.exists():
        return
    here = home.erasure_log.read_text(encoding="utf-8").splitlines()
    known = staged.erasure_log.read_text(encoding="utf-8").splitlines() if staged.erasure_log.exists() else []
    lines = [*known, *(line for line in here if line not in set(known))]
    staged.erasures.mkdir(exist_ok=True, mode=0o700)
    write_durably(staged.erasure_log, "".join(f"{line}\n" for line in lines).encode())
    if home.erasure_key.exists():
        staged.secrets.mkdir(exist_ok=True, mode=0o700)
        write_durably(staged.erasure_key, home.erasure_key.read_bytes())


def _put_in_place(home: Home, replaced: Path) -> None:
    """Give every file its name; what has the name already, and what the backup does not know, moves to `replaced`."""
    staged = {path.relative_to(home.restoring): path for path in state_files(Home.at(home.restoring))}
    for path in state_files(home):
        place = path.relative_to(home.root)
        if _is_key(home, path) and place not in staged:
            continue
        kept = replaced / place
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if place in staged:
            link(path, kept)
        else:
            path.replace(kept)
    for place, path in staged.items():
        target = home.root / place
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.replace(target)
        sync(target.parent)
    shutil.rmtree(home.restoring)
