"""A queue as it is now: the published entries with what has been decided since."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from flows.errors import UsageError
from flows.queue.store import Event, Label

SETTLED: Final = ("done", "not_for_us")
"""Statuses of entries about which nothing is left to do."""

_LIVE: Final = """
with live as (
    select
        unnest($live_mention_ids::varchar[]) as mention_id,
        unnest($live_departments::varchar[]) as department,
        unnest($live_statuses::varchar[]) as status,
        unnest($live_status_ats::timestamptz[]) as status_at,
        unnest($live_actors::varchar[]) as actor,
        unnest($live_notes::varchar[]) as note,
        unnest($live_passed_on_froms::varchar[]) as passed_on_from,
        unnest($live_priorities::integer[]) as priority,
        unnest($live_due_ats::timestamptz[]) as due_at
),

corrections as (
    select
        unnest($live_corrected_ids::varchar[]) as mention_id,
        unnest($live_kinds::varchar[]) as kind,
        unnest($live_wordings::varchar[]) as wording,
        unnest($live_labels::varchar[]) as label
),

decided as (
    select
        queue.* exclude (priority, due_at, status, status_at, passed_on_from, is_overdue),
        coalesce(live.priority, queue.priority) as priority,
        coalesce(live.due_at, queue.due_at) as due_at,
        coalesce(live.status, queue.status) as status,
        coalesce(live.status_at, queue.status_at) as status_at,
        coalesce(live.passed_on_from, queue.passed_on_from) as passed_on_from,
        live.actor,
        live.note
    from department_queue as queue
    left join live using (mention_id, department)
),

passed_on_since as (
    select distinct on (live.mention_id, live.department)
        live.*,
        queue.* exclude (
            mention_id, department, priority, due_at, status, status_at, passed_on_from, is_overdue, reason, rule_id
        )
    from live
    join department_queue as queue using (mention_id)
    anti join department_queue as known on known.mention_id = live.mention_id and known.department = live.department
    where live.passed_on_from is not null
),

entries as (
    select
        together.* exclude (sentiment, intent),
        coalesce(sentiments.label, together.sentiment) as sentiment,
        coalesce(intents.label, together.intent) as intent,
        together.sentiment as read_sentiment,
        together.intent as read_intent,
        status in ('open', 'taken')
            and due_at < greatest($live_now::timestamptz, (select max(as_of) from runs)) as is_overdue,
        coalesce(mentions.edited_at > status_at, false) as is_edited_since,
        mentions.text
    from (select * from decided union all by name select * from passed_on_since) as together
    join mentions on mentions.mention_id = together.mention_id
    left join corrections as sentiments
        on sentiments.mention_id = together.mention_id and sentiments.kind = 'sentiment'
        and sentiments.wording = sha256(mentions.text)
    left join corrections as intents
        on intents.mention_id = together.mention_id and intents.kind = 'intent'
        and intents.wording = sha256(mentions.text)
)
"""

Ask = Callable[[str, dict[str, Any]], Any]
"""Asks the published marts: SQL and its values in, an answer out."""

MINUTES_SAME: Final = 5
"""`now` is rounded down to this many minutes, so that an answer can be kept for a while."""


class Queue:
    """The entries of all departments: `select ... from entries` with the decisions of now in it.

    Columns: those of the mart `department_queue`, the post's `text`, who decided (`actor`, `note`) and
    `is_edited_since`: whether the post's author has changed it after the decision. `sentiment` and `intent` are
    those that people have corrected, `read_sentiment` and `read_intent` those that the model read.
    """

    def __init__(self, ask: Ask, states: Iterable[Event], labels: Iterable[Label], now: datetime) -> None:
        _ensure_form(ask)
        self._ask = ask
        self._values = _state_values(states) | _label_values(labels)
        self._values["live_now"] = now - timedelta(
            minutes=now.minute % MINUTES_SAME, seconds=now.second, microseconds=now.microsecond
        )

    def ask(self, sql: str, values: dict[str, Any] | None = None) -> Any:
        """Answer a query over `entries`; raises what the marts raise.

        Names of `values` that begin with live_ are taken.
        """
        return self._ask(_LIVE + sql, self._values | (values or {}))


def _ensure_form(ask: Ask) -> None:
    found = ask(
        "select 1 from information_schema.columns where table_name = $table and column_name = $column",
        {"table": "department_queue", "column": "is_overdue"},
    )
    if not len(found):
        raise UsageError(
            "The published file comes from an earlier version, which kept no decisions. Run `marktecho nightly`, or "
            "`marktecho build` and `marktecho publish`."
        )


def _state_values(states: Iterable[Event]) -> dict[str, Any]:
    states = list(states)
    return {
        "live_mention_ids": [one.mention_id for one in states],
        "live_departments": [one.department for one in states],
        "live_statuses": [one.status for one in states],
        "live_status_ats": [one.happened_at for one in states],
        "live_actors": [one.actor for one in states],
        "live_notes": [one.note for one in states],
        "live_passed_on_froms": [one.passed_on_from for one in states],
        "live_priorities": [one.priority for one in states],
        "live_due_ats": [one.due_at for one in states],
    }


def _label_values(labels: Iterable[Label]) -> dict[str, Any]:
    labels = list(labels)
    return {
        "live_corrected_ids": [one.mention_id for one in labels],
        "live_kinds": [one.kind for one in labels],
        "live_wordings": [one.wording for one in labels],
        "live_labels": [one.label for one in labels],
    }
