"""What people decided about posts in department queues: an append-only history in a SQLite file of its own.

The page and the command line write it at any time, also while a night runs; SQLite lets one writer in after the other.
The current state of an entry is derived from its events. No text of a post is kept here.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from flows.errors import MarktechoError
from flows.home import Home

Status = Literal["open", "taken", "done", "not_for_us"]
LabelKind = Literal["sentiment", "intent", "department"]

SCHEMA_VERSION: Final = 1
SECONDS_TO_WAIT: Final = 30
"""How long a writer waits for those before it."""

_SCHEMA: Final = """
create table events (
    event_id integer primary key autoincrement,
    happened_at text not null,
    mention_id text not null,
    department text not null,
    status text not null check (status in ('open', 'taken', 'done', 'not_for_us')),
    actor text not null,
    note text,
    passed_on_from text,
    priority integer,
    due_at text
);
create index events_by_entry on events (mention_id, department);
create table labels (
    label_id integer primary key autoincrement,
    happened_at text not null,
    mention_id text not null,
    wording text not null,
    kind text not null check (kind in ('sentiment', 'intent', 'department')),
    label text not null,
    previous text,
    actor text not null
);
create index labels_by_mention on labels (mention_id);
"""


@dataclass(frozen=True)
class Event:
    """A decision about an entry: who set which status when (UTC), and why.

    `passed_on_from`, `priority` and `due_at` belong to an entry that another department passed on.
    """

    happened_at: datetime
    mention_id: str
    department: str
    status: Status
    actor: str
    note: str | None = None
    passed_on_from: str | None = None
    priority: int | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Label:
    """What a person says a post is, in place of `previous`; it holds for the wording that the person read."""

    happened_at: datetime
    mention_id: str
    wording: str
    kind: LabelKind
    label: str
    previous: str | None
    actor: str


class Decisions:
    """The store inside a transaction; see `writing` and `reading`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def append(self, event: Event) -> None:
        """Add a decision to the history."""
        self._insert("events", asdict(event))

    def append_label(self, label: Label) -> None:
        """Add a correction to the history; the last one of its kind counts."""
        self._insert("labels", asdict(label))

    def states(self, mention_ids: Collection[str] | None = None) -> list[Event]:
        """The last decision about each entry, those of some posts or all, as it stands.

        Where an entry came from, with priority and due time, is that of the last time it was passed on.
        """
        return self._events(
            """
            select
                last.happened_at, last.mention_id, last.department, last.status, last.actor, last.note,
                received.passed_on_from, received.priority, received.due_at
            from (
                select mention_id, department, max(event_id) as event_id,
                    max(case when passed_on_from is not null then event_id end) as received_id
                from events
                group by mention_id, department
            ) as entries
            join events as last on last.event_id = entries.event_id
            left join events as received on received.event_id = entries.received_id
            """,
            mention_ids,
        )

    def history(self, mention_id: str) -> list[Event]:
        """All decisions about a post in all departments, the first one first."""
        return self._events(
            """
            select happened_at, mention_id, department, status, actor, note, passed_on_from, priority, due_at
            from events as last
            """,
            [mention_id],
            "order by event_id",
        )

    def labels(self, kind: LabelKind | None = None, mention_ids: Collection[str] | None = None) -> list[Label]:
        """The last correction of each post and kind, of one kind or all, of some posts or all."""
        where, values = _among("mention_id", mention_ids)
        rows = self._connection.execute(
            f"""
            select happened_at, mention_id, wording, kind, label, previous, actor
            from labels
            where label_id in (select max(label_id) from labels group by mention_id, kind)
                and (:kind is null or kind = :kind) {where}
            order by label_id
            """,
            {"kind": kind, **values},
        )
        return [Label(datetime.fromisoformat(happened_at), *rest) for happened_at, *rest in rows]

    def count(self) -> int:
        """How many decisions there are."""
        (count,) = self._connection.execute("select count(*) from events").fetchone()
        return int(count)

    def notes(self) -> list[str]:
        """All notes, each once."""
        return [note for (note,) in self._connection.execute("select distinct note from events where note is not null")]

    def empty_notes(self, notes: Collection[str]) -> int:
        """Take notes out of the decisions that have them, overwriting them in the file. Returns how many those were."""
        where, values = _among("note", notes)
        return self._connection.execute(f"update events set note = null where true {where}", values).rowcount

    def erase(self, mention_ids: Collection[str]) -> int:
        """Remove everything about posts that are gone, overwriting it in the file. Returns how many rows went."""
        where, values = _among("mention_id", mention_ids)
        return sum(
            self._connection.execute(f"delete from {table} where true {where}", values).rowcount
            for table in ("events", "labels")
        )

    def _insert(self, table: str, values: dict[str, object]) -> None:
        written = {name: _as_text(value) if isinstance(value, datetime) else value for name, value in values.items()}
        names = ", ".join(written)
        marks = ", ".join(f":{name}" for name in written)
        self._connection.execute(f"insert into {table} ({names}) values ({marks})", written)

    def _events(self, sql: str, mention_ids: Collection[str] | None, ending: str = "") -> list[Event]:
        where, values = _among("last.mention_id", mention_ids)
        rows = self._connection.execute(f"{sql} where true {where} {ending}", values)
        return [
            Event(
                datetime.fromisoformat(at), mention_id, department, status, actor, note, passed_on_from, priority,
                datetime.fromisoformat(due_at) if due_at else None,
            )
            for at, mention_id, department, status, actor, note, passed_on_from, priority, due_at in rows
        ]  # fmt: skip


@contextmanager
def writing(home: Home) -> Iterator[Decisions]:
    """Open the store for one transaction that holds its only write lock: all of the block's writes, or none.

    Creates the file, readable by its owner only. Raises MarktechoError when it cannot be used.
    """
    with _opened(home) as connection:
        connection.execute("begin immediate")
        if connection.execute("pragma user_version").fetchone()[0] == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
        _check_version(connection, home)
        try:
            yield Decisions(connection)
            connection.execute("commit")
        except BaseException:
            connection.execute("rollback")
            raise


@contextmanager
def reading(home: Home) -> Iterator[Decisions | None]:
    """Open the store to read; gives None, and creates nothing, while nobody has decided anything.

    Raises MarktechoError when it cannot be read.
    """
    if not home.decisions.exists():
        yield None
        return
    with _opened(home) as connection:
        if connection.execute("pragma user_version").fetchone()[0] == 0:
            yield None
            return
        _check_version(connection, home)
        connection.execute("begin")
        yield Decisions(connection)


def states(home: Home, mention_ids: Collection[str] | None = None) -> list[Event]:
    """The last decision about each entry, as `Decisions.states`; none while nobody has decided anything."""
    with reading(home) as store:
        return store.states(mention_ids) if store else []


def count_decisions(home: Home) -> int:
    """Read the whole store once, and count the decisions in it. Raises MarktechoError when any of it is damaged."""
    with _opened(home) as connection:
        (verdict,) = connection.execute("pragma quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        with reading(home) as store:
            return store.count() if store else 0


@contextmanager
def _opened(home: Home) -> Iterator[sqlite3.Connection]:
    try:
        os.close(os.open(home.decisions, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(home.decisions, timeout=SECONDS_TO_WAIT, isolation_level=None)) as connection:
            connection.execute("pragma secure_delete = on")
            connection.execute("pragma synchronous = full")
            yield connection
    except sqlite3.DatabaseError as error:
        raise MarktechoError(
            f"{home.decisions}: the decisions about department queues cannot be read or written ({error}). Check the "
            "disk, or put the file of a backup in its place; without the file the queues begin anew."
        ) from None


def _check_version(connection: sqlite3.Connection, home: Home) -> None:
    (version,) = connection.execute("pragma user_version").fetchone()
    if version != SCHEMA_VERSION:
        raise MarktechoError(
            f"{home.decisions}: written by another version of Marktecho (form {version}, known is {SCHEMA_VERSION}). "
            "Update this installation."
        )


def _among(column: str, wanted: Collection[str] | None) -> tuple[str, dict[str, str]]:
    """A condition on a column, and its values; one value, however many are wanted."""
    if wanted is None:
        return "", {}
    return f"and {column} in (select value from json_each(:wanted))", {"wanted": json.dumps(list(wanted))}


def _as_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
