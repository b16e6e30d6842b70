"""Copies: mentions that repeat an earlier one, word for word or nearly.

What is compared is stored per text (core.text_features, core.signatures, core.similar_texts), so that a night costs
its new texts only; the groups are made anew from what is stored. They depend on the live mentions, not on the order in
which these arrived - up to buckets of more than `CROWDED` different texts, in which only some pairs are compared.
"""

from __future__ import annotations

import duckdb
import polars as pl
import pyarrow as pa

from flows.core.spam import text_traits
from flows.core.tables import WorkList, write_differences
from flows.night import Night
from flows.warehouse import transaction
from models.near_duplicates import (
    BANDS,
    SIGNATURE_VERSION,
    SIMILARITY_THRESHOLD,
    buckets,
    fold,
    groups,
    is_comparable,
    similarities,
    text_key,
)

CROWDED = 64
"""In a bucket with more texts than this, a text is compared with those of the smallest keys only."""


def find_copies(warehouse: duckdb.DuckDBPyConnection, night: Night) -> int:
    """Bring core.copies up to date with the live mentions. Returns how many of them are copies."""
    _forget_gone(warehouse)
    work = WorkList(
        warehouse,
        "to_compare",
        """
        select mention_id
        from core.mentions
        anti join core.text_features using (mention_id)
        where deleted_at is null
        """,
    )
    done = 0
    for posts in work.batches("select mention_id, text from core.mentions semi join batch using (mention_id)"):
        with transaction(warehouse):
            _compare(warehouse, posts)
        done += posts.height
        night.report("copies", done, work.total)
    return _regroup(warehouse)


def _forget_gone(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Drop features of mentions that are no longer live, then signatures of texts that no mention has any more."""
    with transaction(warehouse):
        warehouse.execute(
            """
            delete from core.text_features
            where features_version <> $version
               or mention_id not in (select mention_id from core.mentions where deleted_at is null)
            """,
            {"version": SIGNATURE_VERSION},
        )
        warehouse.execute(
            """
            create or replace temp table gone_texts as
            select text_key
            from (select text_key from core.signatures where band = 0)
            anti join core.text_features using (text_key)
            """
        )
        for table, column in (
            ("signatures", "text_key"),
            ("similar_texts", "text_key"),
            ("similar_texts", "other_key"),
        ):
            warehouse.execute(f"delete from core.{table} where {column} in (select text_key from gone_texts)")
        warehouse.execute("drop table gone_texts")


def _compare(warehouse: duckdb.DuckDBPyConnection, posts: pl.DataFrame) -> None:
    """Store the features of a batch and the near copies of its texts, inside the caller's transaction."""
    folded = [fold(text) for text in posts["text"]]
    keys = [text_key(text) for text in folded]
    features = pl.DataFrame(
        {
            "mention_id": posts["mention_id"],
            "features_version": [SIGNATURE_VERSION] * posts.height,
            "text_key": pl.Series(keys, dtype=pl.String),
            **text_traits(posts["text"]),
        }
    )
    _insert(warehouse, "text_features", features.to_arrow())
    texts = {key: text for key, text in zip(keys, folded, strict=True) if key is not None and is_comparable(text)}
    fresh = _without_known(warehouse, sorted(texts))
    if not fresh:
        return
    _insert(warehouse, "signatures", _signature_rows(fresh, buckets([texts[key] for key in fresh]).ravel()))
    _insert(warehouse, "similar_texts", _similar(warehouse, _candidates(warehouse, fresh), texts))


def _signature_rows(keys: list[str], found: object) -> pa.Table:
    return pa.table(
        {
            "text_key": [key for key in keys for _ in range(BANDS)],
            "band": pa.array(list(range(BANDS)) * len(keys), pa.uint8()),
            "bucket": pa.array(found, pa.uint64()),
        }
    )


def _insert(warehouse: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    warehouse.register("batch_rows", rows)
    warehouse.execute(f"insert into core.{table} by name select * from batch_rows")
    warehouse.unregister("batch_rows")


def _without_known(warehouse: duckdb.DuckDBPyConnection, keys: list[str]) -> list[str]:
    """Those of the keys that have no signature yet."""
    found = warehouse.execute(
        """
        select text_key
        from (select unnest($keys) as text_key)
        anti join (select text_key from core.signatures where band = 0) using (text_key)
        order by text_key
        """,
        {"keys": keys},
    ).fetchall()
    return [row[0] for row in found]


def _candidates(warehouse: duckdb.DuckDBPyConnection, fresh: list[str]) -> list[tuple[str, str]]:
    """Pairs of texts that share a bucket and of which at least one is new, each pair once and in order."""
    return warehouse.execute(
        """
        with fresh as (
            select unnest($fresh) as text_key
        ),
        touched as (
            select distinct band, bucket
            from core.signatures
            semi join fresh using (text_key)
        ),
        placed as (
            select
                band,
                bucket,
                text_key,
                text_key in (select text_key from fresh) as is_fresh,
                row_number() over (partition by band, bucket order by text_key) as place
            from core.signatures
            semi join touched using (band, bucket)
        )
        select distinct
            least(one.text_key, other.text_key) as text_key,
            greatest(one.text_key, other.text_key) as other_key
        from placed as one
        join placed as other using (band, bucket)
        where one.is_fresh
          and one.text_key <> other.text_key
          and least(one.place, other.place) <= $crowded
        order by all
        """,
        {"fresh": fresh, "crowded": CROWDED},
    ).fetchall()


def _similar(warehouse: duckdb.DuckDBPyConnection, pairs: list[tuple[str, str]], texts: dict[str, str]) -> pa.Table:
    """The pairs that are near copies indeed. `texts` are the folded texts of the batch; others are fetched."""
    known = texts | _stored_texts(warehouse, {key for pair in pairs for key in pair} - texts.keys())
    kept = [pair for pair in pairs if pair[0] in known and pair[1] in known]
    scores = similarities(known, kept)
    alike = [(*pair, score) for pair, score in zip(kept, scores, strict=True) if score >= SIMILARITY_THRESHOLD]
    return pa.table(
        {
            "text_key": pa.array([row[0] for row in alike], pa.string()),
            "other_key": pa.array([row[1] for row in alike], pa.string()),
            "similarity": pa.array([row[2] for row in alike], pa.float64()),
        }
    )


def _stored_texts(warehouse: duckdb.DuckDBPyConnection, keys: set[str]) -> dict[str, str]:
    rows = warehouse.execute(
        """
        with wanted as (
            select text_key, min(mention_id) as mention_id
            from core.text_features
            where text_key in (select unnest($keys))
            group by all
        )
        select text_key, text
        from wanted
        join core.mentions using (mention_id)
        """,
        {"keys": sorted(keys)},
    ).fetchall()
    return {key: fold(text) for key, text in rows}


def _regroup(warehouse: duckdb.DuckDBPyConnection) -> int:
    """Make the groups from what is stored and write the differences to core.copies."""
    pairs = warehouse.execute("select text_key, other_key from core.similar_texts").fetchall()
    joined = groups(pairs)
    warehouse.register("joined", pa.table({"text_key": list(joined), "group_key": list(joined.values())}))
    try:
        warehouse.execute(
            """
            create or replace temp table found_copies as
            with keyed as (
                select mention_id, text_key, coalesce(group_key, text_key) as group_key
                from core.text_features
                left join joined using (text_key)
                where text_key is not null
            ),
            crowds as (
                select group_key
                from keyed
                group by all
                having count(*) > 1
            ),
            ranked as (
                select
                    mention_id,
                    text_key,
                    first_value(mention_id) over earliest as copy_of,
                    first_value(text_key) over earliest as original_key
                from keyed
                semi join crowds using (group_key)
                join core.mentions using (mention_id)
                window earliest as (partition by group_key order by published_at nulls last, mention_id)
            ),
            likeness as (
                select text_key, max(similarity) as best
                from (
                    select text_key, similarity from core.similar_texts
                    union all
                    select other_key, similarity from core.similar_texts
                )
                group by all
            )
            select
                mention_id,
                copy_of,
                if(ranked.text_key = original_key, 'exact', 'near') as kind,
                if(ranked.text_key = original_key, 1.0, coalesce(direct.similarity, likeness.best)) as similarity
            from ranked
            left join core.similar_texts as direct
                on direct.text_key = least(ranked.text_key, original_key)
                and direct.other_key = greatest(ranked.text_key, original_key)
            left join likeness on likeness.text_key = ranked.text_key
            where mention_id <> copy_of
            """
        )
    finally:
        warehouse.unregister("joined")
    return write_differences(warehouse, "copies", "found_copies")
