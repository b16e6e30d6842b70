"""Decisions of people about entries of a queue: take, done, not for us, reopen, and what the machine got wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from flows.errors import UsageError
from flows.files.mapping import did_you_mean
from flows.home import Home
from flows.queue.entries import Ask, Queue
from flows.queue.store import Decisions, Event, Label, LabelKind, Status, reading, states, writing
from models.reading import INTENTS, SENTIMENTS

LONGEST_ACTOR: Final = 120
LONGEST_NOTE: Final = 1_000
_FROM: Final[dict[Status, frozenset[Status]]] = {
    "taken": frozenset({"open"}),
    "done": frozenset({"open", "taken"}),
    "not_for_us": frozenset({"open", "taken"}),
    "open": frozenset({"taken", "done", "not_for_us"}),
}
"""From which statuses a status can be reached; whatever is settled has to be reopened first."""
_LABELS: Final[dict[LabelKind, tuple[str, ...]]] = {"sentiment": SENTIMENTS, "intent": INTENTS}


def live_queue(home: Home, ask: Ask, now: datetime | None = None) -> Queue:
    """The published queues with the decisions of now. Raises MarktechoError when the store cannot be read."""
    with reading(home) as store:
        known, labels = (store.states(), store.labels()) if store else ([], [])
    return Queue(ask, known, labels, now or datetime.now(UTC))


def departments(home: Home, ask: Ask, configured: Collection[str] = ()) -> list[str]:
    """Departments that have had posts, by a rule or because somebody passed them on, and those of the settings."""
    found = ask("select distinct department from mentions where department is not null", {})
    queued = ask("select distinct department from department_queue", {})
    return sorted(
        {row[0] for row in [*found, *queued]} | {state.department for state in states(home)} | set(configured)
    )


def decide(
    home: Home, ask: Ask, mention_id: str, department: str, status: Status, *, actor: str, note: str | None = None
) -> Event:
    """Set the status of an entry. Returns the decision that holds from now on; what holds already is not written again.

    Raises UsageError when there is no such entry, when somebody else has taken it or when it has to be reopened first.
    """
    actor, note = _signed(actor), _note(note)
    entry = _entry(home, ask, mention_id, department)
    with writing(home) as store:
        last = _last(store, mention_id, department)
        current = last.status if last else cast("Status", entry["status"])
        if current == status and (status != "taken" or last is None or last.actor == actor):
            return last or Event(datetime.now(UTC), mention_id, department, status, actor)
        if current not in _FROM[status]:
            raise UsageError(_refusal(mention_id, department, current, last))
        event = Event(datetime.now(UTC), mention_id, department, status, actor, note)
        store.append(event)
    return event


def correct(home: Home, ask: Ask, mention_id: str, kind: LabelKind, label: str, *, actor: str) -> Label:
    """Keep what a person says a post's sentiment or intent is, as a label to learn from.

    Raises UsageError for an unknown post or label.
    """
    actor = _signed(actor)
    check_labels(ask, mention_id, {kind: label})
    (text, previous) = _mention(ask, mention_id, kind)
    made = Label(datetime.now(UTC), mention_id, wording_of(text), kind, label, previous, actor)
    with writing(home) as store:
        store.append_label(made)
    return made


def pass_on(
    home: Home, ask: Ask, mention_id: str, to: str, *, actor: str, known: Collection[str], sender: str | None = None
) -> str:
    """Move an entry to the queue of another department, and keep that as a label. Returns the department it leaves.

    `known` are the departments there are; `sender` is needed when several departments have the post. The entry keeps
    its priority and due time; in the queue it leaves it is not for us. Raises UsageError for an unknown post or
    department.
    """
    actor = _signed(actor)
    if to not in known:
        raise UsageError(_no_department(to, known))
    (text, _) = _mention(ask, mention_id, "department")
    rows = _entries(home, ask, mention_id)
    sender = sender or _only_sender(mention_id, rows, to)
    if sender == to:
        raise UsageError(f"{mention_id} is in the queue of {to} already.")
    entry = _entry(home, ask, mention_id, sender)
    now = datetime.now(UTC)
    with writing(home) as store:
        store.append_label(Label(now, mention_id, wording_of(text), "department", to, sender, actor))
        store.append(Event(now, mention_id, sender, "not_for_us", actor, f"-> {to}"))
        receiver = _last(store, mention_id, to)
        there = [receiver.status] if receiver else [row["status"] for row in rows if row["department"] == to]
        if not {"open", "taken"}.intersection(there):
            store.append(
                Event(
                    now, mention_id, to, "open", actor,
                    passed_on_from=sender, priority=entry["priority"], due_at=entry["due_at"],
                )
            )  # fmt: skip
    return sender


def check_department(home: Home, ask: Ask, department: str) -> None:
    """Raise UsageError when no department of this name has had posts."""
    known = departments(home, ask)
    if department not in known:
        raise UsageError(_no_department(department, known))


def check_labels(ask: Ask, mention_id: str, labels: Mapping[LabelKind, str | None]) -> None:
    """Raise UsageError for a post that is not there, or a sentiment or intent that does not exist; writes nothing."""
    _mention(ask, mention_id, "department")
    for kind, label in labels.items():
        known = _LABELS[kind]
        if label and label not in known:
            raise UsageError(f"'{label}' is no {kind}.{did_you_mean(label, known)} Known: {', '.join(known)}.")


def history(home: Home, ask: Ask, mention_id: str) -> list[Event]:
    """All decisions about a post, the first one first. Raises UsageError for a post that nobody knows."""
    with reading(home) as store:
        found = store.history(mention_id) if store else []
    if not found:
        _mention(ask, mention_id, "department")
    return found


def wording_of(text: str) -> str:
    """Tells whether a text is still the one that a person read: its SHA-256, as DuckDB's sha256 gives it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _entries(home: Home, ask: Ask, mention_id: str) -> list[dict[str, Any]]:
    queue = Queue(ask, states(home, [mention_id]), [], datetime.now(UTC))
    rows = queue.ask(
        "select department, status, priority, due_at from entries where mention_id = $mention_id order by department",
        {"mention_id": mention_id},
    )
    return [dict(zip(("department", "status", "priority", "due_at"), row, strict=True)) for row in rows]


def _entry(home: Home, ask: Ask, mention_id: str, department: str) -> dict[str, Any]:
    rows = _entries(home, ask, mention_id)
    for row in rows:
        if row["department"] == department:
            return row
    check_department(home, ask, department)
    _mention(ask, mention_id, "department")
    where = ", ".join(row["department"] for row in rows)
    raise UsageError(
        f"{mention_id} is not in the queue of {department}; "
        + (f"it is in: {where}." if where else "it is in no queue: queues hold recent posts that a rule sends there.")
    )


def _mention(ask: Ask, mention_id: str, column: str) -> tuple[str, str | None]:
    found = list(ask(f"select text, {column} from mentions where mention_id = $id", {"id": mention_id}))
    if not found:
        raise UsageError(f"There is no post {mention_id}. `marktecho queue list` shows the ids of those in the queues.")
    text, value = found[0]
    return text, value


def _last(store: Decisions, mention_id: str, department: str) -> Event | None:
    return next((state for state in store.states([mention_id]) if state.department == department), None)


def _only_sender(mention_id: str, rows: list[dict[str, Any]], to: str) -> str:
    senders = [row["department"] for row in rows if row["status"] != "not_for_us" and row["department"] != to]
    if len(senders) == 1:
        return str(senders[0])
    if senders:
        raise UsageError(
            f"{mention_id} is in the queues of {', '.join(senders)}. Say which of them passes it on: --from DEPARTMENT"
        )
    raise UsageError(f"{mention_id} is in no other queue that could pass it on to {to}.")


def _no_department(name: str, known: Collection[str]) -> str:
    listed = ", ".join(sorted(known)) or "none yet"
    return f"There is no department '{name}'.{did_you_mean(name, known)} Known departments: {listed}."


def _refusal(mention_id: str, department: str, current: Status, last: Event | None) -> str:
    by = f" by {last.actor}, {last.happened_at:%Y-%m-%d %H:%M} UTC" if last else ""
    said = {"not_for_us": "not for us", "open": "open"}.get(current, current)
    remedy = "" if current == "open" else " Reopen it first: `marktecho queue reopen`."
    return f"{mention_id} in the queue of {department} is {said} already{by}.{remedy}"


def _signed(actor: str) -> str:
    actor = " ".join(actor.split())
    if not actor or len(actor) > LONGEST_ACTOR or not actor.isprintable():
        raise UsageError(f"Say who decides, in up to {LONGEST_ACTOR} characters: --by NAME")
    return actor


def _note(note: str | None) -> str | None:
    note = (note or "").strip() or None
    if note and len(note) > LONGEST_NOTE:
        raise UsageError(f"The note has {len(note):,} characters; up to {LONGEST_NOTE:,} are kept. Shorten it.")
    return note
