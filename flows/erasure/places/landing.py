"""Landing: posts as delivered, broken records, tombstones, and what dlt stages on the way there."""

from __future__ import annotations

from flows.erasure.journal import Gone
from flows.home import Home
from flows.warehouse import connect, transaction


def erase(home: Home, gone: Gone) -> int:
    """Delete the posts, their broken versions, and their tombstones: core keeps what says that they stay gone."""
    touched = 0
    with connect(home) as warehouse:
        warehouse.register("gone_posts", gone.posts)
        staged = warehouse.execute(
            """
            select table_name
            from duckdb_tables()
            where schema_name = 'landing_staging' and not starts_with(table_name, '_')
            """
        ).fetchall()
        statements = [
            "landing.mentions where mention_id in (select mention_id from gone_posts)",
            "landing.tombstones where mention_id in (select mention_id from gone_posts)",
            """landing.quarantine
               where quarantine_id in (select quarantine_id from gone_posts)
                  or (source, native_id) in (select (source, native_id) from gone_posts where mention_id <> '')""",
            "landing.quarantine_authors where quarantine_id not in (select quarantine_id from landing.quarantine)",
            *(f'landing_staging."{table}"' for (table,) in staged),
        ]
        with transaction(warehouse):
            for statement in statements:
                found = warehouse.execute(f"delete from {statement}").fetchone()
                touched += int(found[0]) if found else 0
    return touched
