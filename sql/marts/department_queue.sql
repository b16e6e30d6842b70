{{ config(materialized='table') }}

-- Which department should see which recent mention, with the rule that sent it: one row per mention and department.
-- A mention without a date is due from its collection.

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

routed as (

    select
        routes.department,
        routes.priority,
        routes.reason,
        recent.seen_at + to_hours(routes.due_hours) as due_at,
        routes.rule_id,
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
    inner join {{ ref('int_mention_routes') }} as routes using (mention_id)

)

select
    mention_id,
    department,
    priority,
    reason,
    due_at,
    case when due_at < {{ as_of() }} then 'overdue' else 'open' end as status,
    * exclude (mention_id, department, priority, reason, due_at)
from routed
order by department, priority, due_at, mention_id
