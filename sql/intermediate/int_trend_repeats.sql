-- a post that goes round: how many people repeated an original on a day. Organisations do not count: an agency's report in
-- twenty papers is one report.

{{ config(materialized='table', tags=['trends']) }}

with repeats as (

    select
        mentions.copy_of as original_id,
        mentions.published_date,
        authors.author_key
    from {{ ref('int_mention_facts') }} as mentions
    inner join {{ ref('stg_mention_authors') }} as authors using (mention_id)
    where
        mentions.is_copy
        and not mentions.is_spam
        and mentions.author_kind not in ('organisation', 'bot')
        and mentions.published_at <= {{ as_of() }}
        and mentions.published_date > {{ as_of_day() }} - {{ var('trend_history_days') }}

),

first_repeats as (

    select
        original_id,
        author_key,
        min(published_date) as published_date
    from repeats
    group by all

),

counted as (

    select
        original_id,
        published_date,
        count(*) as people_count
    from first_repeats
    group by all

)

select
    counted.original_id,
    entities.entity_id,
    counted.published_date,
    counted.people_count
from counted
inner join {{ ref('stg_mention_entities') }} as entities on entities.mention_id = counted.original_id
