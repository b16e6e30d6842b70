{{ config(materialized='table') }}

-- From a topic's first dated post to the night's own day, days without posts included. What was expected and how surprising
-- a day is, flows/trends works out; days too early or too long ago to say have none of it.

with mentions as (

    select
        topic_id,
        published_date,
        is_original
    from {{ ref('int_mention_facts') }}
    where topic_id is not null and published_date <= {{ as_of_day() }}

),

counted as (

    select
        topic_id,
        published_date,
        count(*) as mention_count,
        count(*) filter (where is_original) as original_count
    from mentions
    group by all

),

days as (

    select
        topic_id,
        unnest(generate_series(min(published_date), {{ as_of_day() }}, interval 1 day))::date as published_date
    from counted
    group by topic_id

)

select
    days.topic_id,
    days.published_date,
    coalesce(counted.mention_count, 0) as mention_count,
    coalesce(counted.original_count, 0) as original_count,
    trends.expected_count,
    trends.expected_low,
    trends.expected_high,
    trends.surprise_score,
    coalesce(trends.is_emerging, false) as is_emerging,
    days.published_date = {{ as_of_day() }} as is_incomplete
from days
left join counted using (topic_id, published_date)
left join {{ ref('stg_trend_days') }} as trends using (topic_id, published_date)
order by days.topic_id, days.published_date
