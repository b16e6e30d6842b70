-- what trends are found in: dated originals, once for each series they belong to. A series is an entity, an aspect of an
-- entity or a topic. Copies and spam make no wave; a mention without a date has no day, and one dated after the night has
-- not happened yet.

{{ config(materialized='table', tags=['trends']) }}

with clock as (

    select
        {{ as_of() }} as as_of,
        date_trunc('hour', {{ as_of() }}) as last_hour,
        {{ local_clock(as_of()) }} as time_of_day

),

entity_posts as (

    select
        'entity:' || entities.entity_id as series_id,
        entities.entity_id,
        cast(null as varchar) as aspect_id,
        cast(null as varchar) as topic_id,
        mentions.mention_id,
        mentions.source,
        mentions.published_at,
        mentions.published_date,
        mentions.is_scored,
        mentions.sentiment,
        mentions.raw_weight,
        mentions.sentiment_weight,
        mentions.negative_weight,
        mentions.positive_weight,
        mentions.engagement_count
    from {{ ref('int_weighted_mentions') }} as mentions
    inner join {{ ref('stg_mention_entities') }} as entities using (mention_id)
    where mentions.is_original

),

aspect_posts as (

    select
        'aspect:' || aspects.entity_id || ':' || aspects.aspect_id as series_id,
        aspects.entity_id,
        aspects.aspect_id,
        cast(null as varchar) as topic_id,
        aspects.mention_id,
        mentions.source,
        aspects.published_at,
        aspects.published_date,
        aspects.is_scored,
        aspects.sentiment,
        aspects.raw_weight,
        aspects.sentiment_weight,
        aspects.negative_weight,
        aspects.positive_weight,
        aspects.engagement_count
    from {{ ref('int_aspect_mentions') }} as aspects
    inner join {{ ref('int_mention_facts') }} as mentions using (mention_id)
    where aspects.is_original

),

topic_posts as (

    select
        'topic:' || mentions.topic_id as series_id,
        cast(null as varchar) as entity_id,
        cast(null as varchar) as aspect_id,
        mentions.topic_id,
        mentions.mention_id,
        mentions.source,
        mentions.published_at,
        mentions.published_date,
        mentions.is_scored,
        mentions.sentiment,
        mentions.raw_weight,
        mentions.sentiment_weight,
        mentions.negative_weight,
        mentions.positive_weight,
        mentions.engagement_count
    from {{ ref('int_weighted_mentions') }} as mentions
    where mentions.is_original and mentions.topic_id is not null

),

posts as (

    select * from entity_posts
    union all
    select * from aspect_posts
    union all
    select * from topic_posts

)

select
    posts.*,
    {{ local_clock('posts.published_at') }} < clock.time_of_day as is_before_time_of_day,
    cast(floor((epoch(clock.last_hour) - epoch(posts.published_at)) / 3600) as integer) as hours_ago
from posts
cross join clock
where
    posts.published_at <= clock.as_of
    and posts.published_date > {{ as_of_day() }} - {{ var('trend_history_days') }}
