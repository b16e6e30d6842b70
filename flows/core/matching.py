"""Which mentions are about which entity, and which phrase rules and watch words of departments they meet."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from urllib.parse import urlsplit

import duckdb
import polars as pl

from flows.core.tables import WorkList
from flows.night import Night
from flows.privacy.pseudonyms import Pseudonyms
from flows.queries import match
from flows.sources.registry import connector_types
from flows.warehouse import transaction

_ENTITY, _RULE, _ROUTE = "entity ", "rule ", "route "


class Matcher:
    """The queries of the settings, ready for batches of mentions."""

    def __init__(self, night: Night) -> None:
        self.fingerprint = night.settings.fingerprint
        self._queries = {f"{_ENTITY}{entity.entity_id}": entity.query for entity in night.settings.entities}
        self._queries |= {f"{_RULE}{rule.id}": rule.query for rule in night.settings.rules}
        self._queries |= {
            f"{_ROUTE}{rule.id}": rule.query for rule in night.settings.departments if rule.query is not None
        }
        self._rules = pl.DataFrame(
            [(rule.id, rule.sentiment, number) for number, rule in enumerate(night.settings.rules)],
            schema={"rule_id": pl.String, "sentiment": pl.String, "position": pl.Int64},
            orient="row",
        )
        pseudonyms = Pseudonyms.open(night.home)

        servers = [(source.type, urlsplit(getattr(source, "server", "")).hostname) for source in night.settings.sources]

        @cache
        def author_keys(handle: str) -> Collection[str]:
            keys = {pseudonyms.author_key(platform, handle) for platform in connector_types()}
            if "@" not in handle.lstrip("@"):
                # on platforms of many servers an author's name has its server with it
                keys |= {pseudonyms.author_key(platform, f"{handle}@{host}") for platform, host in servers if host}
            return keys

        self._author_keys = author_keys

    def write(self, warehouse: duckdb.DuckDBPyConnection, posts: pl.DataFrame) -> None:
        """Match a batch (mention_id, text, language, source, author_key) and replace what the core tables say about it.

        Of several phrase rules the first one in listening.yaml counts. Runs inside the caller's transaction.
        """
        hits = match(self._queries, posts, self._author_keys)
        entities = _of_kind(hits, _ENTITY, "entity_id")
        overrides = (
            _of_kind(hits, _RULE, "rule_id")
            .join(self._rules, on="rule_id")
            .sort("mention_id", "position")
            .unique("mention_id", keep="first", maintain_order=True)
            .select("mention_id", "rule_id", "sentiment")
        )
        prepared = posts.select("mention_id", "content_hash", settings_hash=pl.lit(self.fingerprint))
        ids = posts.select("mention_id").to_arrow()
        tables = {
            "mention_entities": entities,
            "sentiment_overrides": overrides,
            "routing_matches": _of_kind(hits, _ROUTE, "rule_id"),
            "prepared": prepared,
        }
        for table, rows in tables.items():
            replace_rows(warehouse, table, ids, rows)


def _of_kind(hits: pl.DataFrame, prefix: str, name: str) -> pl.DataFrame:
    """The hits whose key begins with a prefix: mention_id, and the rest of the key under a name."""
    return hits.filter(pl.col("key").str.starts_with(prefix)).select(
        "mention_id", pl.col("key").str.strip_prefix(prefix).alias(name)
    )


def replace_rows(warehouse: duckdb.DuckDBPyConnection, table: str, ids: object, rows: pl.DataFrame) -> None:
    """Delete the rows of the mentions in `ids` (an Arrow table with mention_id) and insert `rows`."""
    warehouse.register("batch_ids", ids)
    warehouse.register("batch_rows", rows.to_arrow())
    try:
        warehouse.execute(f"delete from core.{table} where mention_id in (select mention_id from batch_ids)")
        warehouse.execute(f"insert into core.{table} by name select * from batch_rows")
    finally:
        warehouse.unregister("batch_ids")
        warehouse.unregister("batch_rows")


def rematch(warehouse: duckdb.DuckDBPyConnection, night: Night, matcher: Matcher) -> int:
    """Match mentions again that were matched with other queries or rules. Returns how many there were."""
    work = WorkList(
        warehouse,
        "to_match",
        """
        select mention_id
        from core.mentions
        left join core.prepared using (mention_id)
        where prepared.settings_hash is distinct from $fingerprint
        """,
        {"fingerprint": matcher.fingerprint},
    )
    done = 0
    for posts in work.batches(
        """
        select mention_id, text, language, source, author_key, content_hash
        from core.mentions
        semi join batch using (mention_id)
        """
    ):
        with transaction(warehouse):
            matcher.write(warehouse, posts)
        done += posts.height
        night.report("match", done, work.total)
    return work.total
