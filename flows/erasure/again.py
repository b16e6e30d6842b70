"""After a backup has been restored: what was forgotten since it was made is forgotten again."""

from __future__ import annotations

import pyarrow as pa

from flows.erasure.forgotten import Forgotten
from flows.erasure.journal import FORGOTTEN, note, note_broken
from flows.erasure.run import erase_due
from flows.home import Home
from flows.warehouse import connect, transaction


def erase_again(home: Home) -> int:
    """Remove from every place what the list of the forgotten names and is there nevertheless; returns how many posts.

    The caller holds the warehouse and has no connection to it open. May be repeated after a crash.
    """
    forgotten = Forgotten.open(home)
    if not forgotten:
        return 0
    with connect(home) as warehouse:
        posts = warehouse.execute(
            """
            select mention_id, source, native_id, url from core.mentions where deleted_at is null
            union
            select mention_id, source, native_id, url from landing.mentions
            """
        ).fetchall()
        records = warehouse.execute(
            "select quarantine_id, source, native_id from landing.quarantine where native_id is not null"
        ).fetchall()
        back = sorted({mention_id for mention_id, *post in posts if forgotten.has_post(*post)})
        with transaction(warehouse):
            warehouse.register("back", pa.table({"mention_id": pa.array(back, pa.string())}))
            note(warehouse, "select mention_id from back", FORGOTTEN)
            warehouse.unregister("back")
            note_broken(warehouse, [key for key, *record in records if forgotten.has_post(*record)], FORGOTTEN)
    erase_due(home)
    return len(back)
