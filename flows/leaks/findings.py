"""The leak findings: one small DuckDB file in `published/restricted`, written anew at every change.

A new file, because rows deleted from a DuckDB file stay readable in its free blocks; swapped in atomically, so that
readers see the findings before the change or after it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import duckdb
import polars as pl
from filelock import FileLock

from flows.durable import sync
from flows.errors import MarktechoError, UsageError
from flows.home import Home

Status = Literal["open", "false_positive", "confirmed"]
STATUSES: Final[tuple[Status, ...]] = ("open", "false_positive", "confirmed")

_TIME = pl.Datetime("us", "UTC")
_TYPES: Final[dict[str, pl.DataType]] = {
    **dict.fromkeys(("finding_id", "mention_id", "url", "source"), pl.String()),
    "published_at": _TIME,
    **dict.fromkeys(("label", "kind"), pl.String()),
    "matched_share": pl.Float64(),
    "excerpt": pl.String(),
    "first_seen_at": _TIME,
    "status": pl.String(),
}
SCHEMA: Final = pl.Schema(_TYPES)
_COMMENTS: Final = {
    "finding_id": "Stays the same as long as the post and the name on the watchlist do.",
    "mention_id": "The post.",
    "url": "Where it can be read.",
    "source": "Where it was found.",
    "published_at": "UTC; null when the source does not say.",
    "label": "The name on the watchlist.",
    "kind": "term: in another spelling at most; variant: with one wrong letter; excerpt: of a document.",
    "matched_share": "Share of the post's words that were found, 0 to 1.",
    "excerpt": "The place in the post; personal data is redacted.",
    "first_seen_at": "UTC; when a night found it first.",
    "status": "open, false_positive or confirmed.",
}


def read_findings(home: Home) -> pl.DataFrame:
    """All findings, the newest posts first; no rows when there is no file. Raises MarktechoError for a damaged file."""
    if not home.leaks.exists():
        return pl.DataFrame(schema=SCHEMA)
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach {_literal(home.leaks)} as leaks (read_only)")
            connection.execute("set timezone = 'UTC'")
            found = connection.execute(
                "select * from leaks.leak_findings order by published_at desc nulls last, finding_id"
            ).to_arrow_table()
    except duckdb.Error:
        raise MarktechoError(
            f"{home.leaks}: cannot be read. Delete it: the next night looks through all posts again. Marks are lost."
        ) from None
    return pl.DataFrame(pl.from_arrow(found)).cast(SCHEMA)


def mark(home: Home, finding_id: str, status: Status) -> dict[str, Any]:
    """Say what a finding is; returns its row. The beginning of its id will do. Raises UsageError unless it is one."""
    with changing(home):
        findings = read_findings(home)
        chosen = findings.filter(pl.col("finding_id").str.starts_with(finding_id))
        if chosen.height != 1 or not finding_id:
            what = "no finding" if chosen.is_empty() else f"{chosen.height} findings"
            raise UsageError(f"{finding_id}: there is {what} with that id. `marktecho leaks` lists them.")
        is_chosen = pl.col("finding_id") == chosen["finding_id"][0]
        write_findings(
            home,
            findings.with_columns(pl.when(is_chosen).then(pl.lit(status)).otherwise("status").alias("status")),
        )
    return {**chosen.row(0, named=True), "status": status}


def forget_label(home: Home, label: str) -> int:
    """Drop the findings of a name that is watched for no longer; returns how many."""
    return _drop(home, pl.col("label") == label)


def forget_mentions(home: Home, mention_ids: Iterable[str]) -> int:
    """Drop the findings in posts that have to go; returns how many."""
    return _drop(home, pl.col("mention_id").is_in(list(mention_ids)))


def _drop(home: Home, which: pl.Expr) -> int:
    if not home.leaks.exists():
        return 0
    with changing(home):
        findings = read_findings(home)
        kept = findings.filter(~which)
        if kept.height < findings.height:
            write_findings(home, kept)
    return findings.height - kept.height


@contextmanager
def changing(home: Home) -> Iterator[None]:
    """Hold the findings for this process while they are read and written."""
    home.restricted.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.restricted.chmod(0o700)
    with FileLock(home.leaks.with_suffix(".lock"), mode=0o600):
        yield


def write_findings(home: Home, findings: pl.DataFrame) -> None:
    """Replace the file, readable by the owner only. The caller holds `changing`."""
    for left_over in home.restricted.glob(".leaks-*"):
        left_over.unlink()
    draft = home.restricted / f".leaks-{secrets.token_hex(4)}.duckdb"
    with duckdb.connect(str(draft)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("findings", findings.select(list(SCHEMA)).to_arrow())
        connection.execute("create table leak_findings as select * from findings order by published_at, finding_id")
        connection.execute("comment on table leak_findings is 'Posts that give away what is on the watchlist.'")
        for column, comment in _COMMENTS.items():
            connection.execute(f"comment on column leak_findings.{column} is '{comment.replace(chr(39), chr(39) * 2)}'")
    draft.chmod(0o600)
    sync(draft)
    draft.replace(home.leaks)
    sync(home.restricted)


def as_frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows as findings."""
    return pl.DataFrame(list(rows), schema=SCHEMA)


def open_count(findings: pl.DataFrame, since: datetime | None = None) -> int:
    """How many findings nobody has marked, of those first seen from `since` on."""
    is_open = findings.filter(pl.col("status") == "open")
    return is_open.filter(pl.col("first_seen_at") >= since).height if since else is_open.height


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
