"""What is held on a person, as a copy to hand out (Articles 15 and 20 GDPR)."""

from __future__ import annotations

import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from flows.errors import UsageError
from flows.home import Home
from flows.published import attach_marts
from flows.settings import Settings
from flows.subject import Subject, find
from flows.versions import version_ids, version_path
from flows.warehouse import connect

FORMATS = (".json", ".zip")
_LEFT_OUT = {"core": {"erasures_due", "prepared", "rechecks"}, "marts": {"mentions"}}
"""Tables that say nothing about a post that another one does not say."""

_README = """What is held on you / Was über Sie gespeichert ist
===================================================

subject.json is plain text (UTF-8) and opens in any editor or browser.

"about" says who holds the data, why, from where and for how long. "posts" are the posts that were stored under your
pseudonym, each with what was derived from it: "reading" is what a statistical model took it for, "used_in" are the
tables in which it stands. "broken_records" could not be read in full. Handles, e-mail addresses and telephone numbers
of others had been replaced before anything was stored.

"about" sagt, wer die Daten hält, wozu, woher und wie lange. "posts" sind die Beiträge, die unter Ihrem Pseudonym
gespeichert sind, jeweils mit dem, was daraus abgeleitet wurde. Sie können Löschung und Widerspruch verlangen.
"""


def export_subject(home: Home, settings: Settings, subject: Subject, source: str, file: Path) -> dict[str, int]:
    """Write everything held on a subject to a JSON file, or a ZIP file with it and an explanation.

    The file is readable by its owner only. Returns how many posts and broken records are in it. The caller holds the
    warehouse. Raises UsageError for another kind of file, or one that exists already.
    """
    if file.suffix not in FORMATS:
        raise UsageError(f"--output {file}: write to a file that ends in {' or '.join(FORMATS)}.")
    if file.exists():
        raise UsageError(f"--output {file}: exists already. Choose another name, or delete it.")
    if not file.absolute().parent.is_dir():
        raise UsageError(f"--output {file}: there is no folder {file.absolute().parent}.")
    with connect(home) as warehouse:
        held = find(warehouse, home, subject)
        warehouse.register("held_posts", held.posts.select(["mention_id"]))
        ids = held.posts["mention_id"].to_pylist()
        content = {
            "about": _about(home, settings, source),
            "posts": [_post(warehouse, mention_id) for mention_id in ids],
            "broken_records": _rows(
                warehouse,
                "select * from landing.quarantine where quarantine_id in (select unnest($ids))",
                {"ids": held.quarantine_ids},
            ),
            "published_in": _publications(home, ids),
        }
        warehouse.unregister("held_posts")
    _write(file, content)
    return {"posts": len(ids), "broken_records": len(held.quarantine_ids)}


def _about(home: Home, settings: Settings, source: str) -> dict[str, Any]:
    """What Article 15 (1) asks for, as far as the installation knows it."""
    return {
        "controller": settings.company.name,
        "exported_at": datetime.now(UTC).isoformat(),
        "purpose": "to learn what the public says about the company, its competitors and its market",
        "legal_basis": "to be named by the controller; usually legitimate interest, Article 6 (1)(f) GDPR",
        "source_of_the_data": f"public posts of the source {source}",
        "recipients": "people of the controller who may open the published tables; nothing is sent to others",
        "kept_for_days": settings.retention_days(source),
        "kept_until": "deletion by the author, retention, or a request to forget, whichever comes first",
        "profiling": "posts are sorted by sentiment, intent, topic and urgency; nothing is decided about a person",
        "rights": "access, rectification, erasure, restriction, objection, complaint to a supervisory authority",
    }


def _post(warehouse: duckdb.DuckDBPyConnection, mention_id: str) -> dict[str, Any]:
    values = {"mention_id": mention_id}
    stored = _rows(warehouse, "select * from core.mentions where mention_id = $mention_id", values)
    landed = _rows(warehouse, "select * from landing.mentions where mention_id = $mention_id", values)
    text_hash = stored[0]["text_hash"] if stored else None
    reading = _rows(
        warehouse,
        """
        select * exclude (embedding), len(embedding) as embedding_length
        from core.enrichments
        where text_hash = $text_hash
        """,
        {"text_hash": text_hash},
    )
    topics = _rows(
        warehouse,
        """
        select topic_id, label_de, label_en, confidence_score
        from core.text_topics
        join core.topics using (topic_id)
        where text_hash = $text_hash
        """,
        {"text_hash": text_hash},
    )
    aspects = _rows(
        warehouse, "select * from core.aspect_scores where text_hash = $text_hash", {"text_hash": text_hash}
    )
    used = {
        f"{schema}.{table}": rows
        for schema, table in _tables_about_posts(warehouse)
        if (rows := _rows(warehouse, f'select * from {schema}."{table}" where mention_id = $mention_id', values))
    }
    return {
        "stored": stored[0] if stored else landed[0],
        "reading": reading,
        "aspects": aspects,
        "topics": topics,
        "used_in": used,
    }


def _tables_about_posts(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    tables = warehouse.execute(
        """
        select schema_name, table_name
        from duckdb_columns()
        join duckdb_tables() using (schema_name, table_name)
        where column_name = 'mention_id' and schema_name in ('core', 'marts')
        order by all
        """
    ).fetchall()
    return [
        (schema, table)
        for schema, table in dict.fromkeys(tables)
        if (schema, table) != ("core", "mentions") and table not in _LEFT_OUT[schema]
    ]


def _publications(home: Home, ids: list[str]) -> list[str]:
    """The runs whose published files hold one of the posts."""
    found = []
    for run_id in version_ids(home):
        with attach_marts(version_path(home, run_id)) as marts:
            counted = marts.execute(
                "select count(*) from marts.mentions where mention_id in (select unnest($ids))", {"ids": ids}
            ).fetchone()
        if counted and counted[0]:
            found.append(run_id)
    return found


def _rows(warehouse: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    result = warehouse.execute(query, values)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _write(file: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n"
    draft = file.with_name(f".{file.name}.part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        if file.suffix == ".zip":
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("README.txt", _README)
                archive.writestr("subject.json", text)
        else:
            target.write(text.encode())
    draft.replace(file)
