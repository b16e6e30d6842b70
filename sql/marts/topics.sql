{{ config(materialized='table') }}

-- every topic of the registry with how it fares. The night's own day is not over and counts for no change.

{%- set recent_start = as_of_day() ~ ' - ' ~ var('topic_recent_days') %}
{%- set baseline_start = recent_start ~ ' - ' ~ var('topic_baseline_days') %}

with mentions as (

    select
        topic_id,
        mention_id,
        published_date,
        is_original,
        has_special_category,
        engagement_count,
        topic_score as evidence_similarity
    from {{ ref('int_mention_facts') }}

),

-- how many days of the baseline have been listened to
baseline as (

    select greatest(0, least({{ var('topic_baseline_days') }}, {{ recent_start }} - min(published_date))) as day_count
    from mentions

),

counted as (

    select
        topic_id,
        count(*) as mention_count,
        count(*) filter (where is_original) as original_count,
        min(published_date) as first_seen_date,
        max(published_date) filter (where published_date <= {{ as_of_day() }}) as last_seen_date,
        count(*) filter (
            where is_original and published_date <= {{ as_of_day() }} - {{ var('topic_new_days') }}
        ) as older_count,
        count(*) filter (
            where is_original and published_date >= {{ recent_start }} and published_date < {{ as_of_day() }}
        ) as recent_count,
        count(*) filter (
            where is_original and published_date >= {{ baseline_start }} and published_date < {{ recent_start }}
        ) as baseline_count,
        {{ example_mention_ids() }} as example_mention_ids
    from mentions
    where topic_id is not null
    group by all

),

measured as (

    select
        topics.*,
        coalesce(counted.mention_count, 0) as mention_count,
        coalesce(counted.original_count, 0) as original_count,
        counted.first_seen_date,
        counted.last_seen_date,
        coalesce(counted.older_count, 0) as older_count,
        coalesce(counted.recent_count, 0) as recent_count,
        coalesce(counted.baseline_count, 0) * {{ var('topic_recent_days') }} / nullif(baseline.day_count, 0)
            as expected_count,
        {{ var('topic_change_deviations') }} * sqrt(
            coalesce(counted.recent_count, 0)
            + coalesce(counted.baseline_count, 0) * pow({{ var('topic_recent_days') }} / nullif(baseline.day_count, 0), 2)
        ) as least_change,
        baseline.day_count >= {{ var('topic_recent_days') }} as has_baseline,
        coalesce(counted.example_mention_ids, []) as example_mention_ids
    from {{ ref('stg_topics') }} as topics
    cross join baseline
    left join counted using (topic_id)

)

select
    topic_id,
    label_de,
    label_en,
    keywords,
    case
        when retired_at is not null then 'retired'
        when born_date > {{ as_of_day() }} - {{ var('topic_new_days') }} and 2 * older_count < original_count then 'new'
        when has_baseline and recent_count - expected_count > least_change then 'growing'
        when has_baseline and expected_count - recent_count > least_change then 'fading'
        else 'steady'
    end as status,
    mention_count,
    original_count,
    first_seen_date,
    last_seen_date,
    born_at,
    retired_at,
    parent_id,
    merged_into,
    similar_topic_ids,
    is_named,
    example_mention_ids
from measured
order by topic_id
