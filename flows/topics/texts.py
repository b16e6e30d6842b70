"""The texts that can have a topic: of live, listened posts that are no spam, with the embedding in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

BATCH_SIZE = 20_000
MEMORY_LIMIT = "600MB"
"""What DuckDB may take here; numpy and scikit-learn need the rest. More goes to disk."""
SAMPLE_SIZE = 30_000
"""Texts that a fit looks at; more are drawn by their hash, which is as good as by lot and the same every time."""
TEXTS_PER_TOPIC = 300
"""Texts of a topic that its words are taken from."""


@dataclass(frozen=True)
class Texts:
    """Some texts: keys, embeddings (float32 [n, dimension]), languages, topics as recorded
    (None: in no topic) and whether anything is recorded."""

    hashes: list[str]
    embeddings: np.ndarray
    languages: list[str | None]
    topic_ids: list[str | None]
    are_known: list[bool]


def active_version(warehouse: duckdb.DuckDBPyConnection) -> str | None:
    """The model version in use; None before the first enrichment."""
    row = warehouse.execute("select min(model_version) from core.active_versions").fetchone()
    return row[0] if row else None


def list_texts(warehouse: duckdb.DuckDBPyConnection, model_version: str) -> int:
    """Make the temporary table `topic_texts` and return how many texts it has.

    One row per text: text_hash, mention_id, language, seen_at, is_original, topic_id, is_known (whether it has been
    looked at before) and place, the row of core.enrichments that has its embedding.
    """
    warehouse.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
    warehouse.execute(
        """
        create or replace temp table topic_texts as
        with posts as (
            select
                text_hash,
                min(mention_id) as mention_id,
                min(language) as language,
                max(coalesce(published_at, collected_at)) as seen_at,
                bool_or(copies.mention_id is null) as is_original
            from core.mentions
            left join core.copies as copies using (mention_id)
            semi join core.mention_entities using (mention_id)
            anti join core.spam using (mention_id)
            where deleted_at is null
            group by all
        ),
        scored as (
            select text_hash, rowid as place
            from core.enrichments
            where model_version = $version and embedding is not null
        )
        select
            posts.*,
            known.topic_id,
            known.text_hash is not null as is_known,
            scored.place
        from posts
        join scored using (text_hash)
        left join core.text_topics as known using (text_hash)
        """,
        {"version": model_version},
    )
    counted = warehouse.execute("select count(*) from topic_texts").fetchone()
    return int(counted[0]) if counted else 0


def fetch(warehouse: duckdb.DuckDBPyConnection, wanted: str, parameters: dict[str, object] | None = None) -> Texts:
    """The texts whose text_hash the query `wanted` selects, in the order of their hashes."""
    found = warehouse.execute(
        f"""
        with wanted as ({wanted})
        select topic_texts.text_hash, embedding, topic_texts.language, topic_texts.topic_id, topic_texts.is_known
        from topic_texts
        semi join wanted using (text_hash)
        join core.enrichments on core.enrichments.rowid = topic_texts.place
        order by topic_texts.text_hash
        """,
        parameters or {},
    ).to_arrow_table()
    return _texts(found)


def sample(warehouse: duckdb.DuckDBPyConnection) -> Texts:
    """The originals that a fit looks at."""
    return fetch(
        warehouse,
        "select text_hash from topic_texts where is_original order by text_hash limit $most",
        {"most": SAMPLE_SIZE},
    )


def batches(warehouse: duckdb.DuckDBPyConnection, condition: str) -> Iterator[Texts]:
    """The texts of `topic_texts` that meet a condition, a batch at a time.

    Batches follow the order in which embeddings are stored, so that each reads only its own stretch of them.
    """
    warehouse.execute(
        f"""
        create or replace temp table topic_places as
        select place, row_number() over (order by place) - 1 as position
        from topic_texts
        where {condition}
        """
    )
    bounds = warehouse.execute(
        """
        select min(place), max(place)
        from topic_places
        group by position // $size
        order by 1
        """,
        {"size": BATCH_SIZE},
    ).fetchall()
    for first, last in bounds:
        found = warehouse.execute(
            f"""
            select topic_texts.text_hash, embedding, topic_texts.language, topic_texts.topic_id, topic_texts.is_known
            from core.enrichments
            join topic_texts on topic_texts.place = core.enrichments.rowid
            where core.enrichments.rowid between {first} and {last}
              and topic_texts.place between {first} and {last}
              and {condition}
            order by topic_texts.text_hash
            """
        ).to_arrow_table()
        yield _texts(found)


def posts_by_topic(warehouse: duckdb.DuckDBPyConnection, topic_of: pa.Table) -> dict[str, dict[str, list[str]]]:
    """Texts to take words from: by language (`de`; `en` stands for all others) and topic id.

    `topic_of` has text_hash and topic_id; at most `TEXTS_PER_TOPIC` originals of a topic are taken, by their hashes.
    """
    warehouse.register("topic_of", topic_of)
    rows = warehouse.execute(
        """
        with chosen as (
            select topic_of.topic_id, topic_texts.mention_id, topic_texts.language
            from topic_of
            join topic_texts using (text_hash)
            where topic_texts.is_original
            qualify row_number() over (partition by topic_of.topic_id order by text_hash) <= $most
        )
        select if(chosen.language = 'de', 'de', 'en'), chosen.topic_id, text
        from chosen
        join core.mentions using (mention_id)
        order by chosen.topic_id, mention_id
        """,
        {"most": TEXTS_PER_TOPIC},
    ).fetchall()
    warehouse.unregister("topic_of")
    found: dict[str, dict[str, list[str]]] = {"de": {}, "en": {}}
    for language, topic_id, text in rows:
        found[language or "en"].setdefault(topic_id, []).append(text)
    return found


def _texts(table: pa.Table) -> Texts:
    column = table.column("embedding").combine_chunks()
    values = column.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    count = table.num_rows
    return Texts(
        hashes=table.column("text_hash").to_pylist(),
        embeddings=values.reshape(count, -1) if count else np.zeros((0, 0), np.float32),
        languages=table.column("language").to_pylist(),
        topic_ids=table.column("topic_id").to_pylist(),
        are_known=table.column("is_known").to_pylist(),
    )
