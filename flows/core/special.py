"""Which texts reveal special categories of personal data, so that they stay out of views about single persons."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from flows.core.tables import WorkList
from flows.night import Night
from flows.warehouse import transaction
from models.special_categories import LISTS_VERSION, special_categories


def flag_special_categories(warehouse: duckdb.DuckDBPyConnection, night: Night) -> int:
    """Look through every text of live mentions once per version of the lists. Returns how many reveal something."""
    with transaction(warehouse):
        warehouse.execute("delete from core.text_categories where lists_version <> ?", [LISTS_VERSION])
    work = WorkList(
        warehouse,
        "to_flag",
        """
        select min(mention_id) as mention_id
        from core.mentions
        anti join core.text_categories using (text_hash)
        where deleted_at is null
        group by text_hash
        """,
    )
    found = done = 0
    for posts in work.batches("select text_hash, text from core.mentions semi join batch using (mention_id)"):
        categories = special_categories(posts["text"].to_list())
        rows = pa.table(
            {
                "text_hash": posts["text_hash"].to_arrow(),
                "lists_version": [LISTS_VERSION] * posts.height,
                "special_categories": pa.array(categories, pa.list_(pa.string())),
            }
        )
        with transaction(warehouse):
            warehouse.register("batch_rows", rows)
            warehouse.execute("insert into core.text_categories by name select * from batch_rows")
            warehouse.unregister("batch_rows")
        found += sum(map(bool, categories))
        done += posts.height
        night.report("special categories", done, work.total)
    return found
