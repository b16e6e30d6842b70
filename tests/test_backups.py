"""A backup is whole or not there; what is restored is what was saved; what was there before is kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from flows.backups import backup, restore
from flows.backups.backup import state_files
from flows.backups.manifest import MANIFEST, complete_backups, digest
from flows.erasure.forgotten import Forgotten, keep_away
from flows.errors import MarktechoError, UsageError, WarehouseBusy
from flows.home import Home
from flows.privacy.pseudonyms import Pseudonyms
from flows.versions import link
from flows.warehouse import connect, exclusive
from tests.landed_fixture import land, post
from tests.night_process import ask, marktecho


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with posts, a publication with a kept version, a key, and a SQLite database that somebody has open."""
    home = Home.locate(tmp_path / "home")
    land(home, *(post(str(number), f"Acme {number}") for number in range(50)))
    Pseudonyms.open(home)
    publish(home, "first")
    (home.reports / "night.md").write_text("A quiet night.")
    (home.work / "dlt").mkdir()
    (home.work / "dlt" / "left over").write_text("of no use")
    return home


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def publish(home: Home, words: str) -> None:
    """Swap in a file that stands for marts, and keep it as a version."""
    written = home.published / "new.duckdb"
    with duckdb.connect(str(written)) as marts:
        marts.execute("create table mentions as select ? as words", [words])
    written.replace(home.marts)
    link(home.marts, home.versions / f"marts-{words}.duckdb")


def spoil(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(min(200, path.stat().st_size // 2)))


def state(home: Home) -> dict[str, str]:
    return {str(path.relative_to(home.root)): digest(path) for path in state_files(home)}


def test_what_is_restored_is_what_was_saved(home: Home, backups: Path, tmp_path: Path) -> None:
    saved = backup(home, backups)
    before = state(home)
    assert "secrets/pseudonym.key" in before
    assert saved.copied_size < saved.size, "a version is the same file as the publication, and stored once"
    new = Home.locate(tmp_path / "new")
    restored = restore(new, saved.path)
    assert (restored.file_count, restored.replaced) == (len(before), None)
    assert state(new) == before
    assert not (new.work / "dlt").exists()
    assert ask(new.warehouse, "select count(*) from landing.mentions") == [(50,)]
    with connect(new) as warehouse:
        assert warehouse.execute("select count(*) from core.runs").fetchone() == (0,)


def test_nobody_else_may_read_a_backup(home: Home, backups: Path) -> None:
    saved = backup(home, backups)
    for path in [backups, *saved.path.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_what_did_not_change_is_stored_once_and_old_backups_go(home: Home, backups: Path, tmp_path: Path) -> None:
    first = backup(home, backups)
    publish(home, "second")
    second = backup(home, backups)
    version = Path("published") / "versions" / "marts-first.duckdb"
    assert (first.path / version).samefile(second.path / version)
    assert not (first.path / "published" / "marts.duckdb").samefile(second.path / "published" / "marts.duckdb")
    assert second.copied_size < first.copied_size
    assert json.loads(home.last_backup.read_text())["path"] == str(second.path)

    assert complete_backups(backups) == [first.path, second.path]
    third = backup(home, backups, keep=2)
    assert complete_backups(backups) == [second.path, third.path]
    restore(Home.locate(tmp_path / "new"), backups)
    assert state(Home.at(tmp_path / "new")) == state(home)


def test_a_file_of_the_backup_before_that_rotted_is_stored_anew(home: Home, backups: Path) -> None:
    first = backup(home, backups)
    spoil(first.path / "published" / "versions" / "marts-first.duckdb")
    second = backup(home, backups)
    assert digest(second.path / "published" / "marts.duckdb") == digest(home.marts)


def test_a_night_at_work_is_not_disturbed(home: Home, backups: Path) -> None:
    with exclusive(home), pytest.raises(WarehouseBusy, match="another marktecho process is working"):
        backup(home, backups, wait_seconds=0)
    saved = backup(home, backups)
    with exclusive(home), pytest.raises(WarehouseBusy):
        restore(home, saved.path, replace=True)


def test_a_database_that_somebody_writes_is_saved_as_of_one_moment(home: Home, backups: Path) -> None:
    with sqlite3.connect(home.root / "notes.sqlite") as notes:
        notes.execute("pragma journal_mode = wal")
        notes.execute("create table notes as select 'kept' as words")
        notes.commit()
        notes.execute("insert into notes values ('not committed')")
        saved = backup(home, backups)
        notes.rollback()
    assert sqlite3.connect(saved.path / "notes.sqlite").execute("select words from notes").fetchall() == [("kept",)]


@pytest.mark.parametrize("what", ["warehouse.duckdb", "published/marts.duckdb"])
def test_a_damaged_installation_gives_no_backup(home: Home, backups: Path, what: str) -> None:
    spoil(home.root / what)
    with pytest.raises(MarktechoError, match=r"(?s)duckdb: .*cannot be read.*no backup was made"):
        backup(home, backups)
    assert complete_backups(backups) == []
    assert [path.name for path in backups.iterdir()] == [".backup.lock"]


@pytest.mark.parametrize("harm", [spoil, Path.unlink], ids=["rotten", "missing"])
def test_a_damaged_backup_is_refused_and_nothing_changed(
    home: Home, backups: Path, harm: Callable[[Path], None]
) -> None:
    saved = backup(home, backups)
    harm(saved.path / "secrets" / "pseudonym.key")
    before = state(home)
    with pytest.raises(MarktechoError, match=r"(?s)backup is damaged, nothing has been changed.*pseudonym\.key"):
        restore(home, saved.path, replace=True)
    assert state(home) == before


def test_wrong_use_is_refused_with_what_to_do(home: Home, backups: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lies inside the state folder"):
        backup(home, home.root / "backups")
    with pytest.raises(UsageError, match="nothing to back up"):
        backup(Home.at(tmp_path / "nowhere"), backups)
    with pytest.raises(UsageError, match="no backup; name a folder"):
        restore(home, tmp_path, replace=True)
    saved = backup(home, backups)
    with pytest.raises(UsageError, match=r"is in use.*--replace"):
        restore(home, saved.path)
    manifest = saved.path / MANIFEST
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(content | {"schema_version": 9999}))
    with pytest.raises(UsageError, match=r"with schema version 9999.*Install that version first"):
        restore(Home.locate(tmp_path / "new"), saved.path)
    manifest.write_text(json.dumps(content | {"format": 2}))
    with pytest.raises(UsageError, match="has format 2"):
        restore(Home.locate(tmp_path / "new"), saved.path)


def test_what_was_there_is_kept_and_readers_are_not_disturbed(home: Home, backups: Path) -> None:
    saved = backup(home, backups)
    at_backup = state(home)
    land(home, post("50", "later"))
    publish(home, "second")
    before = state(home)
    with duckdb.connect(str(home.marts), read_only=True) as reader:
        restored = restore(home, saved.path, replace=True)
        assert reader.execute("from mentions").fetchall() == [("second",)]
    assert state(home) == at_backup
    assert restored.replaced is not None
    assert state(Home.at(restored.replaced)) == before


def test_who_was_forgotten_since_the_backup_stays_forgotten(home: Home, backups: Path, tmp_path: Path) -> None:
    saved = backup(home, backups)
    keep_away(home, posts=[("forum", "7")], reason="forgotten")
    restored = restore(home, saved.path, replace=True)
    assert restored.forgotten_count == 1
    assert ask(home.warehouse, "select count(*), count(*) filter (native_id = '7') from landing.mentions") == [(49, 0)]
    assert Forgotten.open(home).has_post("forum", "7")

    lost = Home.locate(tmp_path / "after the machine was lost")
    shutil.copy(home.erasure_log, lost.erasure_log)
    shutil.copy(home.erasure_key, lost.erasure_key)
    assert restore(lost, saved.path).forgotten_count == 1
    lost.erasure_key.write_bytes(bytes(32))
    with pytest.raises(UsageError, match=r"another erasure\.key .* would come back"):
        restore(lost, backup(home, backups).path, replace=True)


def test_keys_may_be_kept_apart(home: Home, backups: Path, tmp_path: Path) -> None:
    saved = backup(home, backups, with_keys=False)
    assert not (saved.path / "secrets").exists()
    new = Home.locate(tmp_path / "new")
    with pytest.raises(UsageError, match=r"was made without the keys\. Put them back"):
        restore(new, saved.path)
    assert state(new) == {}
    shutil.copytree(home.secrets, new.secrets, dirs_exist_ok=True)
    restore(new, saved.path)
    assert state(new) == state(home)
    restore(home, saved.path, replace=True)
    assert state(new) == state(home)


def dying_at(call: int, work: Callable[[], object]) -> int:
    """Do the work in a process that dies when it gives its n-th file a name; returns the process's status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    replace, calls = Path.replace, iter(range(call))

    def deadly(path: Path, target: Path) -> Path:
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(path, target)

    Path.replace = deadly  # type: ignore[method-assign, assignment]
    try:
        work()
    finally:
        os._exit(1)


def test_a_killed_restore_lets_nobody_in_until_it_has_been_run_again(home: Home, backups: Path, tmp_path: Path) -> None:
    saved = backup(home, backups)
    at_backup = state(home)
    publish(home, "second")
    kills = 0
    for call in (0, 1, 3, 5):
        target = Home.at(tmp_path / f"home{call}")
        shutil.copytree(home.root, target.root)
        assert dying_at(call, lambda target=target: restore(target, saved.path, replace=True)) == signal.SIGKILL
        kills += 1
        with pytest.raises(UsageError, match=r"being restored here.*marktecho restore BACKUP --replace"):
            connect(target).__enter__()
        with pytest.raises(UsageError, match="being restored here"):
            backup(target, backups)
        restore(target, saved.path, replace=True)
        assert state(target) == at_backup
        with connect(target):
            pass
    assert kills == 4


def test_a_killed_backup_is_none_and_is_swept_away(home: Home, backups: Path) -> None:
    assert dying_at(0, lambda: backup(home, backups)) == signal.SIGKILL
    assert complete_backups(backups) == []
    (partial,) = backups.glob(".partial-*")
    saved = backup(home, backups)
    assert complete_backups(backups) == [saved.path]
    assert not partial.exists()


def test_the_commands(home: Home, backups: Path, tmp_path: Path) -> None:
    saved = marktecho("backup", backups, "--home", home.root, "--keep", "3", "--json")
    assert saved.code == 0, saved.errors
    path = json.loads(saved.output)["path"]
    restored = marktecho("restore", path, "--home", tmp_path / "new")
    assert restored.code == 0, restored.errors
    assert "The next night fetches what is new" in restored.output
    refused = marktecho("restore", path, "--home", tmp_path / "new")
    assert refused.code == 2
    assert "add --replace" in refused.errors
