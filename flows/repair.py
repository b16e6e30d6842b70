"""Mend what can be mended of an installation that power, disk or hands have damaged; say what needs a backup.

A lock needs no mending: it is the operating system's and ends with the process that held it, however that died.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from flows.errors import MarktechoError
from flows.home import Home
from flows.integrity import damage, row_counts
from flows.night import Night
from flows.prefect_database import set_aside_damaged
from flows.publish import publish
from flows.settings import load_settings
from flows.versions import TEMPORARY, link, publishing, swap_in, swept, version_ids, version_path
from flows.warehouse import exclusive, refuse_half_restored

HEAD_BYTES = 12_288
"""A DuckDB file begins with three blocks of 4,096 bytes; a shorter one has never held anything."""


@dataclass(frozen=True)
class Repair:
    """Something that was damaged: what was done about it, or what to do."""

    damaged: str
    done: str
    is_mended: bool = True


def repair(home: Home, config: Path) -> list[Repair]:
    """Mend an installation; an intact one is left as it is, and what was collected is never deleted.

    Raises WarehouseBusy when a run is at work, UsageError when a backup is half restored here.
    """
    refuse_half_restored(home)
    with exclusive(home):
        repairs = [*_leftovers(home), *_prefect(home), *_warehouse(home)]
        has_warehouse = home.warehouse.exists() and all(one.is_mended for one in repairs)
        repairs += _versions(home)
        if _is_publication_lost(home):
            repairs.append(_publication(home, config if has_warehouse else None))
    return repairs


def _leftovers(home: Home) -> Iterator[Repair]:
    left = [
        *home.quarantine.glob("*.part"),
        *home.reports.glob(".*.part"),
        *home.published.rglob(TEMPORARY.format(run_id="*") + "*"),
    ]
    for path in left:
        path.unlink()
        yield Repair(str(path), "begun by a run that died; removed")
    if (home.work / "dbt").exists():
        shutil.rmtree(home.work / "dbt")


def _prefect(home: Home) -> Iterator[Repair]:
    aside = set_aside_damaged(home)
    if aside:
        yield Repair(str(aside.parent / "prefect.db"), f"renamed to {aside.name}; the next night makes a new one")


def _warehouse(home: Home) -> list[Repair]:
    if not home.warehouse.exists():
        return []
    if home.warehouse.stat().st_size < HEAD_BYTES and not home.marts.exists():
        home.warehouse.unlink()
        return [Repair(str(home.warehouse), "its first run died before anything was in it; removed")]
    found = _damage_of_warehouse(home)
    if found is None:
        return []
    log = home.warehouse.with_name("warehouse.duckdb.wal")
    if "replaying WAL" in found and log.exists():
        aside = log.with_name(f"{log.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        log.rename(aside)
        if _damage_of_warehouse(home) is None:
            said = "the warehouse is as of its last checkpoint, and the next night does the rest anew"
            return [Repair(str(log), f"renamed to {aside.name}; {said}")]
        aside.rename(log)
    return [Repair(str(home.warehouse), f"{found} {_how_to_restore(home)}", is_mended=False)]


def _damage_of_warehouse(home: Home) -> str | None:
    try:
        with duckdb.connect(str(home.warehouse)) as warehouse:
            row_counts(warehouse)
    except duckdb.Error as error:
        return str(error)
    return None


def _how_to_restore(home: Home) -> str:
    try:
        last = json.loads(home.last_backup.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        backup, made = "BACKUP", "No backup of it is known."
    else:
        backup, made = last["path"], f"The last backup is of {last['made_at'][:16]} UTC."
    return (
        f"{made} Bring it back with: marktecho restore {backup} --replace --home {home.root}. "
        "The published marts stay readable."
    )


def _versions(home: Home) -> Iterator[Repair]:
    for run_id in version_ids(home):
        version = version_path(home, run_id)
        if damage(version) is not None and not (home.marts.exists() and version.samefile(home.marts)):
            version.unlink()
            yield Repair(str(version), "a kept version that cannot be read; removed")


def _is_publication_lost(home: Home) -> bool:
    return damage(home.marts) is not None if home.marts.exists() else bool(version_ids(home))


def _publication(home: Home, config: Path | None) -> Repair:
    """Put the newest kept version in the place of a lost publication, then the warehouse's marts if they are whole."""
    with publishing(home), swept(home):
        for run_id in version_ids(home):
            if damage(version_path(home, run_id)) is not None:
                version_path(home, run_id).unlink()
        kept = version_ids(home)
        if kept:
            temporary = home.published / TEMPORARY.format(run_id=kept[-1])
            link(version_path(home, kept[-1]), temporary)
            swap_in(home, temporary)
    in_place = f"the version of {kept[-1]} is published in its place" if kept else "no kept version can be read"
    if config is None:
        return Repair(str(home.marts), in_place, is_mended=bool(kept))
    from flows.audit import audit

    night = Night.start(load_settings(config), home)
    try:
        audit(night)
        publish(night)
    except MarktechoError as error:
        return Repair(str(home.marts), f"{in_place}; not published anew: {error}", is_mended=bool(kept))
    return Repair(str(home.marts), "published anew from the warehouse")
