{{ config(materialized='table') }}

with mentions as (

    select
        *,
        {{ week_start('published_date') }} as week_start_date
    from {{ ref('int_aspect_mentions') }}
    where published_date <= {{ as_of_day() }}

),

counted as (

    select
        entity_id,
        aspect_id,
        week_start_date,
        count(*) as mention_count,
        count(*) filter (where is_original) as original_count,
        {{ sentiment_sums() }},
        {{ example_mention_ids() }} as example_mention_ids
    from mentions
    group by all

),

measured as (

    select
        entity_id,
        aspect_id,
        week_start_date,
        mention_count,
        original_count,
        scored_count,
        negative_count,
        neutral_count,
        positive_count,
        {{ net_sentiment_from_sums() }},
        example_mention_ids
    from counted

)

select
    measured.entity_id,
    measured.aspect_id,
    measured.week_start_date,
    {{ iso_week('measured.week_start_date') }} as iso_week,
    measured.mention_count,
    measured.original_count,
    measured.scored_count,
    measured.negative_count,
    measured.neutral_count,
    measured.positive_count,
    measured.net_sentiment,
    measured.net_sentiment_low,
    measured.net_sentiment_high,
    measured.net_sentiment_raw,
    {{ change('measured.net_sentiment', 'previous.net_sentiment', 'measured.scored_count', 'previous.scored_count') }}
        as change_vs_previous,
    measured.example_mention_ids,
    measured.week_start_date = {{ week_start(as_of_day()) }} as is_incomplete
from measured
left join measured as previous
    on previous.entity_id = measured.entity_id
    and previous.aspect_id = measured.aspect_id
    and previous.week_start_date = measured.week_start_date - 7
order by measured.entity_id, measured.aspect_id, measured.week_start_date
