{{ config(materialized='table') }}

-- From an entity's first mention to the night's own day, days without mentions included, so that a chart falls to zero
-- and a baseline counts the quiet days. Mentions without a date have no day; a date after the night has not come yet.

with mentions as (

    select
        entities.entity_id,
        mentions.*
    from {{ ref('int_weighted_mentions') }} as mentions
    inner join {{ ref('stg_mention_entities') }} as entities using (mention_id)
    where mentions.published_date <= {{ as_of_day() }}

),

counted as (

    select
        entity_id,
        published_date,
        count(*) as mention_count,
        count(*) filter (where is_original) as original_count,
        count(*) filter (where is_copy) as copy_count,
        count(*) filter (where is_spam) as spam_count,
        count(*) filter (where not is_spam) as heard_count,
        sum(reach) filter (where not is_spam) as reach,
        sum(engagement_count) filter (where not is_spam) as engagement_count,
        {{ sentiment_sums() }}
    from mentions
    group by all

),

days as (

    select
        entity_id,
        unnest(generate_series(min(published_date), {{ as_of_day() }}, interval 1 day))::date as published_date
    from counted
    group by entity_id

),

filled as (

    select
        days.entity_id,
        days.published_date,
        coalesce(counted.mention_count, 0) as mention_count,
        coalesce(counted.original_count, 0) as original_count,
        coalesce(counted.copy_count, 0) as copy_count,
        coalesce(counted.spam_count, 0) as spam_count,
        coalesce(counted.heard_count, 0) as heard_count,
        coalesce(counted.scored_count, 0) as scored_count,
        coalesce(counted.negative_count, 0) as negative_count,
        coalesce(counted.neutral_count, 0) as neutral_count,
        coalesce(counted.positive_count, 0) as positive_count,
        counted.* exclude (
            entity_id, published_date, mention_count, original_count, copy_count, spam_count,
            heard_count, scored_count, negative_count, neutral_count, positive_count
        )
    from days
    left join counted using (entity_id, published_date)

),

voices as (

    select
        filled.*,
        entities.entity_name,
        entities.entity_kind,
        entities.entity_kind in ('company', 'competitor') as has_voice
    from filled
    inner join {{ ref('stg_entities') }} as entities using (entity_id)

)

select
    entity_id,
    entity_name,
    entity_kind,
    published_date,
    mention_count,
    original_count,
    copy_count,
    spam_count,
    cast(reach as bigint) as reach,
    cast(engagement_count as bigint) as engagement_count,
    scored_count,
    negative_count,
    neutral_count,
    positive_count,
    {{ net_sentiment_from_sums() }},
    {{ share_of_voice('published_date') }} as share_of_voice,
    {{ share_of_voice('published_date', 'heard_count') }} as share_of_voice_with_copies,
    published_date = {{ as_of_day() }} as is_incomplete
from voices
order by entity_id, published_date
