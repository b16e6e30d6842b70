"""Decisions about entries of a queue, from the page: who decides, and what is said when a decision is refused."""

from __future__ import annotations

import os
from typing import Any

import streamlit as st

from dashboard import access, marts
from dashboard.words import word
from flows.errors import MarktechoError
from flows.home import Home
from flows.queue import decide
from flows.queue.entries import Queue
from flows.queue.store import Event, LabelKind, Status
from flows.settings import load_settings


def queue() -> Queue:
    """The queues with the decisions of this moment. Raises MarktechoError when the store cannot be read."""
    return decide.live_queue(Home.locate(), marts.ask)


def stamp() -> int:
    """A number that changes with every decision, whoever makes it."""
    try:
        return Home.locate().decisions.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def known_departments() -> list[str]:
    """All departments to which an entry can be passed on."""
    return decide.departments(Home.locate(), _rows, _configured())


def history(mention_id: str, department: str) -> list[Event]:
    """What was decided about a post in the queue of a department, the first decision first."""
    return [event for event in decide.history(Home.locate(), _rows, mention_id) if event.department == department]


def set_status(mention_id: str, department: str, status: Status) -> None:
    """A button's action: set the status of an entry, with the note that stands beside the button."""
    note = st.session_state.get(f"note-{mention_id}-{department}")
    actor = _allowed(department)
    if actor is not None:
        _attempt(decide.decide, mention_id, department, status, actor=actor, note=note)


def correct(mention_id: str, department: str, kind: LabelKind, field: str) -> None:
    """A button's action: keep what the reader chose in `field` as what the post is."""
    label, actor = st.session_state.get(field), _allowed(department)
    if label and actor is not None:
        _attempt(decide.correct, mention_id, kind, label, actor=actor)


def pass_on(mention_id: str, department: str, field: str) -> None:
    """A button's action: move an entry to the department that the reader chose in `field`."""
    to, actor = st.session_state.get(field), _allowed(department)
    if to and actor is not None:
        _attempt(decide.pass_on, mention_id, to, actor=actor, known=known_departments(), sender=department)


def _allowed(department: str) -> str | None:
    """Who decides; None when they may not: an action is checked like a view, whatever the browser sends."""
    found = access.reader()
    if found is None or not found.may_see_queue(department):
        st.session_state["refused"] = word("not_allowed")
        return None
    chosen = st.session_state.get("name")
    return found.name if found.is_signed_in or not chosen else str(chosen)


def _attempt(action: Any, *values: Any, **named: Any) -> None:
    try:
        action(Home.locate(), _rows, *values, **named)
    except MarktechoError as error:
        st.session_state["refused"] = str(error)


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    return marts.ask(sql, values).rows()


@st.cache_data(max_entries=2, show_spinner=False)
def _departments_of(file: str, changed_ns: int) -> set[str]:
    return {rule.department for rule in load_settings(file).departments}


def _configured() -> set[str]:
    """Departments of the settings that the page was started with; none without settings, or when they are wrong."""
    file = os.environ.get(access.CONFIG_VARIABLE)
    try:
        return _departments_of(file, os.stat(file).st_mtime_ns) if file else set()  # noqa: PTH116 - a name, no path
    except (OSError, MarktechoError):
        return set()
