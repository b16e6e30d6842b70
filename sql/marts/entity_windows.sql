{{ config(materialized='table') }}

-- Each window of N days ends at the night's time; before it lies a window of the same length to compare with. One row per
-- entity that was ever mentioned, so that silence shows as zero.

with windows as (

    select unnest({{ var('feedback_window_days') }}) as window_days

),

mentions as (

    select
        entities.entity_id,
        windows.window_days,
        mentions.*,
        mentions.published_at > {{ as_of() }} - to_days(windows.window_days) as is_current
    from {{ ref('int_weighted_mentions') }} as mentions
    inner join {{ ref('stg_mention_entities') }} as entities using (mention_id)
    inner join windows
        on mentions.published_at > {{ as_of() }} - to_days(2 * windows.window_days)
        and mentions.published_at <= {{ as_of() }}

),

counted as (

    select
        entity_id,
        window_days,
        is_current,
        count(*) as mention_count,
        count(*) filter (where is_original) as original_count,
        count(*) filter (where not is_spam) as heard_count,
        {{ sentiment_sums() }}
    from mentions
    group by all

),

measured as (

    select
        *,
        {{ net_sentiment_from_sums() }}
    from counted

),

compared as (

    select
        entities.entity_id,
        entities.entity_name,
        entities.entity_kind,
        entities.entity_kind in ('company', 'competitor') as has_voice,
        windows.window_days,
        coalesce(now.mention_count, 0) as mention_count,
        coalesce(before.mention_count, 0) as mention_count_previous,
        coalesce(now.original_count, 0) as original_count,
        coalesce(before.original_count, 0) as original_count_previous,
        coalesce(now.heard_count, 0) as heard_count,
        coalesce(now.scored_count, 0) as scored_count,
        now.net_sentiment,
        now.net_sentiment_low,
        now.net_sentiment_high,
        now.net_sentiment_raw,
        before.net_sentiment as net_sentiment_previous,
        {{ change('now.net_sentiment', 'before.net_sentiment', 'now.scored_count', 'before.scored_count') }}
            as net_sentiment_change
    from {{ ref('stg_entities') }} as entities
    cross join windows
    left join measured as now
        on now.entity_id = entities.entity_id and now.window_days = windows.window_days and now.is_current
    left join measured as before
        on before.entity_id = entities.entity_id and before.window_days = windows.window_days and not before.is_current

)

select
    entity_id,
    entity_name,
    entity_kind,
    window_days,
    mention_count,
    mention_count_previous,
    original_count,
    original_count_previous,
    scored_count,
    net_sentiment,
    net_sentiment_low,
    net_sentiment_high,
    net_sentiment_raw,
    net_sentiment_previous,
    net_sentiment_change,
    {{ share_of_voice('window_days') }} as share_of_voice,
    {{ share_of_voice('window_days', 'heard_count') }} as share_of_voice_with_copies
from compared
order by entity_id, window_days
