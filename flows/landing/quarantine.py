"""Broken records: kept with field, reason and redacted payload, and exported for people to look at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Any, Final

import duckdb

from flows.landing.clean import Cleaning
from flows.landing.mention import digest
from flows.landing.tally import lookup
from flows.landing.text import well_formed
from flows.privacy.redaction import redact
from flows.sources.base import BrokenRecord

LONGEST_STRING: Final = 2_000
LONGEST_LIST: Final = 50
LONGEST_PAYLOAD: Final = 20_000
DEEPEST: Final = 8
_EXPORTED: Final = re.compile(r"(?P<source>.+)-(?P<started>\d{8}T\d{6})Z-\w+\.jsonl")


def quarantined(
    record: Any,
    error: Exception,
    how: Cleaning,
    *,
    author_fields: Collection[str],
    native_id: str | None,
    row_number: int | None,
) -> dict[str, Any]:
    """Make a row of `landing.quarantine` of a record that could not become a mention.

    The same broken record gives the same `quarantine_id` in every run: it is made of source, native id and field, or
    without a native id of source, row number, field, reason and payload. `author_fields` (dotted names) are removed
    from the payload, all strings redacted.
    """
    if isinstance(error, BrokenRecord):
        field, reason = error.field_name, error.reason
    elif isinstance(error, KeyError):
        field, reason = str(error.args[0]) if error.args else "record", "is missing"
    else:
        field, reason = "record", f"{type(error).__name__}: {error}"
    reason = redact(well_formed(reason), how.keep_handles)[:LONGEST_STRING]
    payload = redacted_payload(record, author_fields, how.keep_handles)
    place = (native_id,) if native_id is not None else (str(row_number), reason, payload)
    return {
        "quarantine_id": digest(how.source, well_formed(field), *place),
        "source": how.source,
        "run_id": how.run_id,
        "native_id": native_id,
        "row_number": row_number,
        "field": well_formed(field),
        "reason": reason,
        "payload": payload,
        "quarantined_at": how.collected_at,
        "resolved_at": None,
    }


def named_authors(record: Any, author_fields: Collection[str]) -> set[str]:
    """Handles, ids and names that a broken record's author fields hold, for as long as they are in memory."""
    found: set[str] = set()

    def collect(value: Any, depth: int = 0) -> None:
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            found.add(well_formed(str(value)).strip()[:LONGEST_STRING])
        elif isinstance(value, Mapping) and depth < DEEPEST:
            for one in value.values():
                collect(one, depth + 1)
        elif isinstance(value, list | tuple) and depth < DEEPEST:
            for one in value[:LONGEST_LIST]:
                collect(one, depth + 1)

    for name in author_fields:
        collect(lookup(record, name))
    return found


def redacted_payload(record: Any, author_fields: Collection[str], keep_handles: frozenset[str] = frozenset()) -> str:
    """Write a record as JSON without authors, with all strings redacted, at most about 20,000 characters long.

    What is cut off is said in the place where it was.
    """
    hidden = frozenset(author_fields)

    def shrink(value: Any, path: str, depth: int) -> Any:
        if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
            return value
        if isinstance(value, str | bytes | date):
            return _cut(redact(well_formed(_as_str(value)), keep_handles))
        if depth == DEEPEST:
            return f"[{type(value).__name__} left out: nested too deeply]"
        if isinstance(value, Mapping):
            inside = {str(key): (f"{path}.{key}" if path else str(key)) for key in value}
            items = zip(inside.items(), value.values(), strict=True)
            return {
                well_formed(key): shrink(one, place, depth + 1) for (key, place), one in items if place not in hidden
            }
        if isinstance(value, list | tuple):
            kept = [shrink(one, path, depth + 1) for one in value[:LONGEST_LIST]]
            return kept + [f"[{len(value) - LONGEST_LIST} more]"] * (len(value) > LONGEST_LIST)
        return _cut(redact(well_formed(repr(value)), keep_handles))

    text = json.dumps(shrink(record, "", 0), ensure_ascii=False)
    if len(text) <= LONGEST_PAYLOAD:
        return text
    return json.dumps({"cut": text[:LONGEST_PAYLOAD], "length": len(text)}, ensure_ascii=False)


def _as_str(value: str | bytes | date) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else value.isoformat()


def _cut(text: str) -> str:
    if len(text) <= LONGEST_STRING:
        return text
    return f"{text[:LONGEST_STRING]} [{len(text) - LONGEST_STRING} more characters]"


def export(warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str, run_id: str) -> Path | None:
    """Write what this run quarantined of a source to `<source>-<run_id>.jsonl` in `folder`; None without any."""
    result = warehouse.execute(
        """
        select quarantine_id, native_id, row_number, field, reason, payload, quarantined_at
        from landing.quarantine
        where source = $source and run_id = $run_id
        order by row_number nulls first, native_id, quarantine_id
        """,
        {"source": source, "run_id": run_id},
    )
    names = [column[0] for column in result.description]
    path = folder / f"{source}-{run_id}.jsonl"
    draft = path.with_suffix(".part")
    count = 0
    with draft.open("w", encoding="utf-8") as file:
        while rows := result.fetchmany(1_000):
            for values in rows:
                row = dict(zip(names, values, strict=True))
                row["payload"] = json.loads(row["payload"])
                row["quarantined_at"] = row["quarantined_at"].isoformat()
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += len(rows)
    if not count:
        draft.unlink()
        return None
    draft.replace(path)
    return path


def source_of(path: Path) -> str | None:
    """The source of an export, by its name; None for another file."""
    found = _EXPORTED.fullmatch(path.name)
    return found["source"] if found else None


def expire(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, keep_days: Callable[[str], int | None], as_of: datetime
) -> None:
    """Remove quarantined records, and exports in `folder`, that are older than their source's days (None: for ever)."""
    for (source,) in warehouse.execute("select distinct source from landing.quarantine").fetchall():
        days = keep_days(source)
        if days is not None:
            warehouse.execute(
                "delete from landing.quarantine where source = $source and quarantined_at < $oldest",
                {"source": source, "oldest": as_of - timedelta(days=days)},
            )
    warehouse.execute(
        """
        delete from landing.quarantine_authors
        where quarantine_id not in (select quarantine_id from landing.quarantine)
        """
    )
    for path in folder.glob("*.jsonl"):
        found = _EXPORTED.fullmatch(path.name)
        days = keep_days(found["source"]) if found else None
        if found and days is not None:
            started = datetime.strptime(found["started"], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            if started < as_of - timedelta(days=days):
                path.unlink()
