"""A queue per department: what must be answered, the most urgent first, and who does it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import access, decisions
from dashboard.tables import show_table
from dashboard.times import local
from dashboard.words import value_name, word
from flows.errors import MarktechoError
from flows.queue.entries import Queue
from models.reading import INTENTS, SENTIMENTS

ENTRIES_SHOWN = 10
MOST_ENTRIES = 500
SECONDS_BETWEEN_LOOKS = 20
STATUSES = ("open", "taken", "done", "not_for_us")
ACTIONS = (
    ("taken", "take", "front_hand", ("open",)),
    ("done", "mark_done", "check", ("open", "taken")),
    ("not_for_us", "reject", "block", ("open", "taken")),
    ("open", "reopen", "undo", ("taken", "done", "not_for_us")),
)
"""Buttons: the status they set, their word, their icon, and at which statuses they are there."""

_DEPARTMENTS = """
select
    department,
    count(*) filter (where status in ('open', 'taken')) as count,
    count(*) filter (where status in ('open', 'taken') and priority = 1) as urgent_count,
    count(*) filter (where is_overdue) as overdue_count
from entries
group by all
order by urgent_count desc, department
"""

_QUEUE = f"""
select
    mention_id, priority, status, due_at, is_overdue, is_edited_since, reason, text, sentiment, intent, reach, url,
    actor, note
from entries
where department = $department and list_contains($statuses::varchar[], status)
order by priority, due_at, mention_id
limit {MOST_ENTRIES}
"""


def show() -> None:
    """Show the queue of the department that the reader chose, with buttons for what can be done about an entry."""
    reader = access.ensure("queues")
    st.title(word("queues"), anchor=False)
    st.session_state["decided"] = decisions.stamp()
    try:
        queue = decisions.queue()
        counts = queue.ask(_DEPARTMENTS)
    except MarktechoError as error:
        st.error(str(error))
        return
    counts = counts.filter([reader.may_see_queue(name) for name in counts["department"]])
    if counts.is_empty():
        st.info(word("nothing_here"))
        return
    refused = st.session_state.pop("refused", None)
    if refused:
        st.warning(refused)
    department = _choose_department({row["department"]: row for row in counts.iter_rows(named=True)})
    _entries(queue, department, is_named=reader.is_signed_in)
    _watch()


def _choose_department(counts: dict[str, dict[str, Any]]) -> str:
    """Let the reader choose among the departments that they may see; `?department=` in the address chooses first."""
    wanted = st.query_params.get("department")
    chosen = st.segmented_control(
        word("department"),
        list(counts),
        default=wanted if wanted in counts else next(iter(counts)),
        required=True,
        format_func=lambda name: f"{value_name(name)} ({counts[name]['count']:,})",
        key="department",
    )
    department = chosen if chosen in counts else next(iter(counts))
    for place, name in zip(st.columns(3), ("count", "urgent_count", "overdue_count"), strict=True):
        label = {"count": "to_do", "urgent_count": "urgent", "overdue_count": "overdue"}[name]
        place.metric(word(label), f"{counts[department][name]:,}")
    return department


def _entries(queue: Queue, department: str, *, is_named: bool) -> None:
    left, middle, right = st.columns([3, 2, 1])
    statuses = left.pills(
        word("status"),
        STATUSES,
        selection_mode="multi",
        default=["open", "taken"],
        format_func=value_name,
        key="statuses",
    )
    if not is_named:
        middle.text_input(word("your_name"), key="name", help=word("your_name_help"))
    rows = queue.ask(_QUEUE, {"department": department, "statuses": statuses or list(STATUSES)})
    if rows.is_empty():
        st.info(word("queue_empty"))
        return
    pages = -(-rows.height // ENTRIES_SHOWN)
    number = right.number_input(word("page_of", pages=pages), 1, pages, key="page") if pages > 1 else 1
    departments = [name for name in decisions.known_departments() if name != department]
    for entry in rows.slice((int(number) - 1) * ENTRIES_SHOWN, ENTRIES_SHOWN).iter_rows(named=True):
        with st.container(border=True):
            _entry(entry, department, departments)
    with st.expander(word("as_table")):
        show_table(rows.drop("mention_id", "is_edited_since"), f"queue-{department}")


def _entry(entry: dict[str, Any], department: str, departments: list[str]) -> None:
    """One post: why it is here, what it says, and what can be done about it."""
    mention_id = entry["mention_id"]
    place = f"{mention_id}-{department}"
    with st.container(horizontal=True):
        st.badge(word("priority_is", priority=entry["priority"]), color="red" if entry["priority"] == 1 else "gray")
        st.badge(value_name(entry["status"]), color="green" if entry["status"] == "done" else "blue")
        if entry["is_overdue"]:
            st.badge(word("overdue"), icon=":material/schedule:", color="orange")
        if entry["is_edited_since"]:
            st.badge(word("edited_since"), icon=":material/edit:", color="orange")
        for name in ("sentiment", "intent"):
            if entry[name]:
                st.badge(value_name(entry[name]), color="violet")
    st.text(entry["text"])
    due = f"{word('due_at')}: {local(entry['due_at']):%d.%m. %H:%M}"
    st.text(" · ".join(filter(None, [entry["reason"], due, entry["actor"], entry["note"]])))
    with st.container(horizontal=True):
        if entry["url"]:
            st.link_button(word("to_the_post"), entry["url"], icon=":material/open_in_new:")
        for status, name, icon, at in ACTIONS:
            if entry["status"] in at:
                st.button(
                    word(name),
                    icon=f":material/{icon}:",
                    key=f"{status}-{place}",
                    on_click=decisions.set_status,
                    args=(mention_id, department, status),
                )
        with st.popover(word("more"), icon=":material/rule:"):
            if entry["actor"]:
                _history(mention_id, department)
            st.text_input(word("note"), key=f"note-{place}", max_chars=1_000)
            _corrections(entry, department, departments, place)


def _history(mention_id: str, department: str) -> None:
    for event in decisions.history(mention_id, department):
        said = f"{value_name(event.status)}, {event.actor}"
        st.text(f"{local(event.happened_at):%d.%m. %H:%M}: {said}{f' ({event.note})' if event.note else ''}")


def _corrections(entry: dict[str, Any], department: str, departments: list[str], place: str) -> None:
    for kind, known in (("sentiment", SENTIMENTS), ("intent", INTENTS)):
        _choice(f"wrong_{kind}", [one for one in known if one != entry[kind]], f"{kind}-{place}")
        st.button(
            word("save"),
            key=f"save-{kind}-{place}",
            on_click=decisions.correct,
            args=(entry["mention_id"], department, kind, f"{kind}-{place}"),
        )
    _choice("wrong_department", departments, f"department-{place}")
    st.button(
        word("pass_on"),
        key=f"pass-on-{place}",
        on_click=decisions.pass_on,
        args=(entry["mention_id"], department, f"department-{place}"),
    )


def _choice(label: str, options: list[str], key: str) -> None:
    st.selectbox(word(label), options, index=None, format_func=value_name, placeholder=word("rather"), key=key)


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _watch() -> None:
    """Show what colleagues have decided meanwhile."""
    if decisions.stamp() != st.session_state["decided"]:
        st.rerun()
