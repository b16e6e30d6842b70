"""The journal: what has to go from all places, kept in the warehouse until it is gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from flows.erasure.traces import Traces, normal_form
from flows.warehouse import transaction

RETENTION = "retention"
"""Reason of what is only too old: nobody asked for it to be unsaid, so what quotes it may grow old as well."""
FORGOTTEN = "forgotten"
"""Reason of what a person asked us to forget."""
_REWRITE = "rewrite"


@dataclass(frozen=True)
class Gone:
    """What has to go.

    `posts` has a row per post or broken record: mention_id ("" for a broken record without an id), source, native_id,
    quarantine_id, reason. `traces` finds what quotes or names them; `lost_words` are keywords of theirs, in small
    letters, that no remaining post has.
    """

    posts: pa.Table
    traces: Traces
    lost_words: frozenset[str] = field(default_factory=frozenset)

    @property
    def mention_ids(self) -> list[str]:
        """The ids of the posts."""
        return [each for each in self.posts["mention_id"].to_pylist() if each]

    @property
    def reasons(self) -> list[str]:
        """Why they have to go, each reason once."""
        return sorted(set(self.posts["reason"].to_pylist()))


def note(warehouse: duckdb.DuckDBPyConnection, query: str, reason: str) -> int:
    """Write down that posts have to go, inside the caller's transaction; returns how many rows are new.

    `query` selects mention_id from landing or core (it may select others, too; what is known of them is added).
    """
    found = warehouse.execute(
        f"""
        insert into core.erasures_due by name
        with due as ({query}),
        known as (
            select mention_id, source, native_id, url, if($keeps_text, text, null) as text
            from core.mentions
            where deleted_at is null
            union
            select mention_id, source, native_id, url, if($keeps_text, text, null) from landing.mentions
            union
            select mention_id, source, native_id, null, null from core.tombstones
            union
            select mention_id, source, native_id, null, null from landing.tombstones
        )
        select distinct mention_id, source, native_id, url, text, $reason as reason, $due_at as due_at
        from known
        semi join due using (mention_id)
        where not exists (
            from core.erasures_due as noted
            where noted.mention_id = known.mention_id
              and noted.text is not distinct from known.text
              and noted.url is not distinct from known.url
        )
        """,
        {"reason": reason, "keeps_text": reason != RETENTION, "due_at": datetime.now(UTC)},
    ).fetchone()
    return int(found[0]) if found else 0


def note_broken(warehouse: duckdb.DuckDBPyConnection, quarantine_ids: Sequence[str], reason: str) -> int:
    """Write down that broken records have to go, inside the caller's transaction; returns how many rows are new."""
    found = warehouse.execute(
        """
        insert into core.erasures_due by name
        select '' as mention_id, source, coalesce(native_id, '') as native_id, quarantine_id,
            $reason as reason, $due_at as due_at
        from landing.quarantine
        where quarantine_id in (select unnest($ids))
          and quarantine_id not in (select quarantine_id from core.erasures_due where quarantine_id is not null)
        """,
        {"ids": list(quarantine_ids), "reason": reason, "due_at": datetime.now(UTC)},
    ).fetchone()
    return int(found[0]) if found else 0


def due(warehouse: duckdb.DuckDBPyConnection) -> Gone | None:
    """What the journal says has to go; None when there is nothing."""
    posts = warehouse.execute(
        """
        select mention_id, source, native_id, quarantine_id,
            if(bool_or(reason = $forgotten), $forgotten, min(reason)) as reason
        from core.erasures_due
        where reason <> $mark
        group by all
        """,
        {"mark": _REWRITE, "forgotten": FORGOTTEN},
    ).to_arrow_table()
    if not posts.num_rows:
        return None
    said = warehouse.execute(
        """
        select mention_id, native_id, url, text
        from core.erasures_due
        where reason not in ($aged, $mark)
        """,
        {"aged": RETENTION, "mark": _REWRITE},
    ).fetchall()
    traces = Traces.of(
        texts=[row[3] for row in said if row[3]],
        names=[name for row in said for name in row[:3] if name],
    )
    return Gone(posts, traces)


def close(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Forget the journal's rows; what stays is a mark that the file has to be written anew."""
    with transaction(warehouse):
        warehouse.execute("delete from core.erasures_due")
        ask_for_rewrite(warehouse)


def ask_for_rewrite(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Mark that the file has to be written anew, inside the caller's transaction."""
    warehouse.execute(
        "insert into core.erasures_due by name select '' as mention_id, '' as source, '' as native_id, "
        "$mark as reason, $now as due_at",
        {"mark": _REWRITE, "now": datetime.now(UTC)},
    )


def must_rewrite(warehouse: duckdb.DuckDBPyConnection) -> bool:
    """Whether rows have been erased and the file still has to be written anew."""
    found = warehouse.execute("select 1 from core.erasures_due where reason = ? limit 1", [_REWRITE]).fetchone()
    return found is not None


def rewritten(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The file has been written anew: take the mark away."""
    warehouse.execute("delete from core.erasures_due where reason = ?", [_REWRITE])


def words_gone(warehouse: duckdb.DuckDBPyConnection, among: Iterable[str]) -> frozenset[str]:
    """Those of the words that the posts in the journal have and no other post has; `among` are in small letters."""
    said = warehouse.execute(
        "select text from core.erasures_due where reason <> $aged and text is not null", {"aged": RETENTION}
    ).fetchall()
    gone = {normal_form(text) for (text,) in said}
    candidates = sorted(word for word in among if any(normal_form(word) in text for text in gone))
    if not candidates:
        return frozenset()
    still_used = warehouse.execute(
        """
        select word
        from (select unnest($words) as word)
        where exists (
            from core.mentions
            where contains(lower(text), word)
              and mention_id not in (select mention_id from core.erasures_due)
        )
        """,
        {"words": candidates},
    ).fetchall()
    return frozenset(candidates) - {word for (word,) in still_used}
