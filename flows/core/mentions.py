"""Landed posts become mentions: only new and changed ones, each batch whole or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import polars as pl

from flows.core.matching import Matcher
from flows.core.tables import WorkList
from flows.night import Night
from flows.warehouse import transaction
from models.language import detect
from models.normal_form import normal_text

UNSURE_BELOW = 0.7
"""Below this score the platform's word for the language counts more than the detector's."""
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis"})
"""ISO 639-2: undetermined, no linguistic content, several, uncoded."""


@dataclass(frozen=True)
class Written:
    """How many mentions were written for the first time, and how many because the source changed them."""

    new_count: int
    changed_count: int


def write_mentions(warehouse: duckdb.DuckDBPyConnection, night: Night, matcher: Matcher) -> Written:
    """Bring landed rows that core does not know in this form into core.mentions, matched with the queries."""
    work = WorkList(
        warehouse,
        "to_write",
        """
        select mention_id
        from landing.mentions
        left join core.mentions as known using (mention_id)
        where known.content_hash is distinct from mentions.content_hash
        """,
    )
    new = done = 0
    for landed in work.batches("select mentions.* from landing.mentions semi join batch using (mention_id)"):
        rows = _with_language(landed)
        with transaction(warehouse):
            new += _write(warehouse, rows)
            matcher.write(warehouse, rows)
        done += rows.height
        night.report("prepare", done, work.total)
    return Written(new, done - new)


def _with_language(landed: pl.DataFrame) -> pl.DataFrame:
    """Add language, language_score and text_hash."""
    texts = landed["text"].to_list()
    detected, scores = detect(texts)
    chosen = [
        choose_language(*one) for one in zip(detected, scores.tolist(), landed["language_hint"].to_list(), strict=True)
    ]
    return landed.with_columns(
        pl.Series("language", [language for language, _ in chosen], dtype=pl.String),
        pl.Series("language_score", [score for _, score in chosen], dtype=pl.Float64),
        pl.Series("text_hash", [text_hash(text) for text in texts], dtype=pl.String),
    )


def choose_language(detected: str | None, score: float, hint: str | None) -> tuple[str | None, float | None]:
    """Take the detected language, or the platform's where detection is unsure and the platform says another one.

    The score is null where there is none to give: for a text without words, and for the platform's word.
    """
    if detected is None:
        return None, None
    said = (hint or "").partition("-")[0]
    if score >= UNSURE_BELOW or not said or said in _NO_LANGUAGE or said == detected:
        return detected, score
    return said, None


def text_hash(text: str) -> str:
    """Key of all that is derived from a text: texts that differ in handles and links only share a score."""
    return hashlib.blake2b(normal_text(text).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _write(warehouse: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> int:
    """Write a batch inside the caller's transaction; returns how many of its mentions are new."""
    warehouse.register("batch_rows", rows.to_arrow())
    try:
        warehouse.execute(
            """
            create or replace temp table incoming as
            select
                batch_rows.* exclude (language_hint, run_id)
                    replace (least(batch_rows.collected_at, known.collected_at) as collected_at),
                cast(null as timestamptz) as deleted_at,
                $now as changed_at,
                known.mention_id is null as is_new,
                known.text is distinct from batch_rows.text as has_new_text
            from batch_rows
            left join core.mentions as known using (mention_id)
            """,
            {"now": datetime.now(UTC)},
        )
    finally:
        warehouse.unregister("batch_rows")
    counted = warehouse.execute("select count(*) filter (is_new) from incoming").fetchone()
    new = int(counted[0]) if counted else 0
    if new < rows.height:
        warehouse.execute("delete from core.mentions where mention_id in (select mention_id from incoming)")
        warehouse.execute(
            "delete from core.text_features where mention_id in (select mention_id from incoming where has_new_text)"
        )
    columns = ", ".join(f"{name}" for name in _mention_columns(warehouse))
    warehouse.execute(f"insert into core.mentions by name select {columns} from incoming")
    warehouse.execute("drop table incoming")
    return new


def _mention_columns(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    return [
        row[0]
        for row in warehouse.execute(
            """
            select column_name from information_schema.columns
            where table_schema = 'core' and table_name = 'mentions'
            """
        ).fetchall()
    ]
