"""Score what has not been scored: one pass of the model over each new text, keyed by text and model version.

A text is read again only when the model or the aspect definitions change; a copy of a known text costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import numpy as np
import pyarrow as pa

from flows import model_versions
from flows.model import aspect_matcher, load_model
from flows.night import Night
from flows.warehouse import connect
from models.aspects import AspectHit
from models.quantification import RAW_WEIGHTS, corrected_weights
from models.reading import SENTIMENTS, Reading, TextReader
from models.scores import aspect_row, score_columns

BATCH_SIZE = 2_048


@dataclass(frozen=True)
class EnrichCounts:
    """What one run of the step did: texts read by the model, and of these without a score (emoji only, ...)."""

    scored_count: int
    not_scored_count: int
    model_version: str


def enrich(night: Night, reader: TextReader | None = None) -> EnrichCounts:
    """Read every text of a live, listened mention that this model and these aspects have not seen.

    Each batch is one transaction: a killed run goes on where it stopped. Raises MarktechoError when the weights cannot
    be loaded.
    """
    reader = reader or load_model(night.home)
    aspects = aspect_matcher(reader, night.settings.aspects)
    not_scored = 0
    with connect(night.home) as warehouse:
        total = _list_pending(warehouse, reader.version, aspects.version)
        night.report("enrich", 0, total)
        for start in range(0, total, BATCH_SIZE):
            hashes, texts = _pending_batch(warehouse, start)
            reading = reader.read(texts, with_clauses=True)
            hits = aspects.match(texts, reading)
            not_scored += sum(reason is not None for reason in reading.not_scored)
            _store(warehouse, reader.version, aspects.version, hashes, texts, reading, hits)
            night.report("enrich", start + len(texts), total)
        rates = model_versions.error_rates(night.home, reader)
        _activate(warehouse, reader.version, aspects.version, rates)
    return EnrichCounts(total - not_scored, not_scored, reader.version)


def _list_pending(warehouse: duckdb.DuckDBPyConnection, model_version: str, aspects_version: str) -> int:
    warehouse.execute(
        """
        create or replace temp table pending as
        with listened as (
            select text_hash, min(mention_id) as mention_id
            from core.mentions
            where deleted_at is null
              and mention_id in (select mention_id from core.mention_entities)
            group by all
        ),
        unread as (
            select listened.*
            from listened
            left join core.enrichments as e
                on e.text_hash = listened.text_hash and e.model_version = $model_version
            left join core.aspect_texts as a
                on a.text_hash = listened.text_hash and a.aspects_version = $aspects_version
            where e.text_hash is null or a.text_hash is null
        )
        select row_number() over (order by text_hash) - 1 as position, text_hash, mention_id
        from unread
        """,
        {"model_version": model_version, "aspects_version": aspects_version},
    )
    counted = warehouse.execute("select count(*) from pending").fetchone()
    return int(counted[0]) if counted else 0


def _pending_batch(warehouse: duckdb.DuckDBPyConnection, start: int) -> tuple[list[str], list[str]]:
    rows = warehouse.execute(
        """
        select p.text_hash, m.text
        from pending as p
        join core.mentions as m on m.mention_id = p.mention_id
        where p.position >= $start and p.position < $stop
        order by p.position
        """,
        {"start": start, "stop": start + BATCH_SIZE},
    ).fetchall()
    return [row[0] for row in rows], [row[1] for row in rows]


def _store(
    warehouse: duckdb.DuckDBPyConnection,
    model_version: str,
    aspects_version: str,
    hashes: list[str],
    texts: list[str],
    reading: Reading,
    hits: list[list[AspectHit]],
) -> None:
    batches = {
        "enrichments": ("model_version", model_version, _enrichment_rows(model_version, hashes, reading)),
        "aspect_scores": ("aspects_version", aspects_version, _aspect_rows(aspects_version, hashes, texts, hits)),
        "aspect_texts": (
            "aspects_version",
            aspects_version,
            pa.table({"text_hash": hashes, "aspects_version": [aspects_version] * len(hashes)}),
        ),
    }
    warehouse.begin()
    try:
        for table, (version_column, version, batch) in batches.items():
            warehouse.execute(
                f"delete from core.{table} where {version_column} = ? and text_hash in (select unnest(?))",
                [version, hashes],
            )
            warehouse.register("batch", batch)
            warehouse.execute(f"insert into core.{table} by name select * from batch")
            warehouse.unregister("batch")
        warehouse.commit()
    except BaseException:
        warehouse.rollback()
        raise


def _enrichment_rows(model_version: str, hashes: list[str], reading: Reading) -> pa.Table:
    embeddings = [
        row if reason is None else None for row, reason in zip(reading.embeddings, reading.not_scored, strict=True)
    ]
    return pa.table(
        {
            "text_hash": hashes,
            "model_version": [model_version] * len(hashes),
            "embedding": pa.array(embeddings, pa.list_(pa.float32())),
            **score_columns(reading),
            "scored_at": pa.array([datetime.now(UTC)] * len(hashes), pa.timestamp("us", "UTC")),
        }
    )


def _aspect_rows(aspects_version: str, hashes: list[str], texts: list[str], hits: list[list[AspectHit]]) -> pa.Table:
    rows = [
        {"text_hash": text_hash, "aspects_version": aspects_version, **aspect_row(text, hit)}
        for text_hash, text, found in zip(hashes, texts, hits, strict=True)
        for hit in found
    ]
    strings = ("text_hash", "aspects_version", "aspect_id", "sentiment", "evidence")
    numbers = ("similarity", "p_negative", "p_neutral", "p_positive", "sentiment_score")
    schema = pa.schema([(name, pa.string()) for name in strings] + [(name, pa.float64()) for name in numbers])
    return pa.Table.from_pylist(rows, schema=schema)


def _activate(
    warehouse: duckdb.DuckDBPyConnection, model_version: str, aspects_version: str, error_rates: dict[str, np.ndarray]
) -> None:
    weights = [
        {
            "model_version": model_version,
            "language": language,
            "predicted": predicted,
            "raw_weight": raw,
            "corrected_weight": corrected,
        }
        for language, rates in error_rates.items()
        for predicted, raw, corrected in zip(SENTIMENTS, RAW_WEIGHTS, corrected_weights(rates), strict=True)
    ]
    warehouse.begin()
    warehouse.execute("delete from core.active_versions")
    warehouse.execute("insert into core.active_versions values (?, ?)", [model_version, aspects_version])
    warehouse.execute("delete from core.sentiment_weights where model_version = ?", [model_version])
    warehouse.register("batch", pa.Table.from_pylist(weights))
    warehouse.execute("insert into core.sentiment_weights by name select * from batch")
    warehouse.unregister("batch")
    warehouse.commit()
