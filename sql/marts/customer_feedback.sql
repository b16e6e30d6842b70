{{ config(materialized='table') }}

-- Each window of N days ends at the night's time; before it lies a window of the same length to compare with.

with windows as (

    select unnest({{ var('feedback_window_days') }}) as window_days

),

mentions as (

    select
        windows.window_days,
        mentions.*,
        mentions.published_at > {{ as_of() }} - to_days(windows.window_days) as is_current
    from {{ ref('int_aspect_mentions') }} as mentions
    inner join windows
        on mentions.published_at > {{ as_of() }} - to_days(2 * windows.window_days)
        and mentions.published_at <= {{ as_of() }}
    where mentions.intent is not null

),

counted as (

    select
        entity_id,
        aspect_id,
        intent,
        window_days,
        is_current,
        count(*) as mention_count,
        count(*) filter (where is_original) as original_count,
        {{ sentiment_sums() }},
        {{ example_mention_ids() }} as verbatim_mention_ids
    from mentions
    group by all

),

measured as (

    select
        *,
        {{ net_sentiment_from_sums() }}
    from counted

),

current_windows as (

    select * from measured where is_current

),

previous_windows as (

    select * from measured where not is_current

)

select
    now.entity_id,
    now.aspect_id,
    now.intent,
    now.window_days,
    now.mention_count,
    now.original_count,
    coalesce(before.original_count, 0) as original_count_previous,
    now.original_count - coalesce(before.original_count, 0) as original_count_change,
    now.scored_count,
    now.negative_count,
    now.neutral_count,
    now.positive_count,
    now.net_sentiment,
    now.net_sentiment_low,
    now.net_sentiment_high,
    now.net_sentiment_raw,
    before.net_sentiment as net_sentiment_previous,
    {{ change('now.net_sentiment', 'before.net_sentiment', 'now.scored_count', 'before.scored_count') }}
        as net_sentiment_change,
    now.verbatim_mention_ids
from current_windows as now
left join previous_windows as before using (entity_id, aspect_id, intent, window_days)
order by now.entity_id, now.window_days, now.original_count desc, now.aspect_id, now.intent
