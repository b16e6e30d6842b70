{{ config(materialized='table') }}

-- Which department should see which recent mention, why, and what has been decided about it: one row per mention and
-- department. A mention without a date is due from its collection.

with mentions as (

    select
        *,
        coalesce(published_at, collected_at) as seen_at
    from {{ ref('int_mention_facts') }}

),

recent as (

    select *
    from mentions
    where
        seen_at > {{ as_of() }} - to_days({{ var('queue_look_back_days') }})
        and {{ local_day('seen_at') }} <= {{ as_of_day() }}

),

queued as (

    select
        entries.department,
        entries.priority,
        entries.reason,
        coalesce(entries.due_at, recent.seen_at + to_hours(entries.due_hours)) as due_at,
        entries.status,
        entries.status_at,
        entries.passed_on_from,
        entries.rule_id,
        recent.mention_id,
        recent.published_at,
        recent.source,
        recent.url,
        recent.language,
        recent.entity_ids,
        recent.aspect_ids,
        recent.sentiment,
        recent.intent,
        recent.reach
    from recent
    inner join {{ ref('int_queue_entries') }} as entries using (mention_id)

)

select
    mention_id,
    department,
    priority,
    reason,
    due_at,
    due_at < {{ as_of() }} and {{ is_unsettled('status') }} as is_overdue,
    * exclude (mention_id, department, priority, reason, due_at)
from queued
order by department, priority, due_at, mention_id
