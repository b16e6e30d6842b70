-- what the business index is made of, in sums per entity and day, so that days can be drawn again for its interval. Posts
-- of an entity's own accounts are its activity and its answers; what is said about it (earned) leaves them out.

{{ config(materialized='table', tags=['index']) }}

with own_posts as (

    select * from {{ ref('int_own_posts') }}

),

heard_sources as (

    -- where an entity's accounts have been seen: elsewhere its silence says nothing
    select distinct entity_id, source
    from own_posts

),

earned as (

    select
        entities.entity_id,
        mentions.*
    from {{ ref('int_weighted_mentions') }} as mentions
    inner join {{ ref('stg_mention_entities') }} as entities using (mention_id)
    anti join own_posts
        on own_posts.mention_id = mentions.mention_id and own_posts.entity_id = entities.entity_id
    where
        entities.entity_kind in ('company', 'competitor')
        and mentions.published_at <= {{ as_of() }}

),

answers as (

    select
        own_posts.entity_id,
        own_posts.reply_to_id as mention_id,
        min(own_posts.published_at) as answered_at
    from own_posts
    where own_posts.reply_to_id is not null
    group by all

),

asked as (

    select
        earned.entity_id,
        earned.published_date,
        case
            when answers.answered_at is not null
                then greatest({{ days_between('earned.published_at', 'answers.answered_at') }} * 24, 0)
        end as answer_hours
    from earned
    semi join heard_sources using (entity_id, source)
    left join answers using (entity_id, mention_id)
    where
        earned.is_original
        and list_contains({{ var('index_asking_intents') }}, earned.intent)
        and earned.author_kind not in ('organisation', 'bot')
        -- what was asked just now may still be answered
        and (
            answers.answered_at is not null
            or earned.published_at <= {{ as_of() }} - to_hours({{ var('index_grace_hours') }})
        )

),

earned_days as (

    select
        entity_id,
        published_date,
        count(*) filter (where is_original) as earned_count,
        sum(reach) filter (where not is_spam) as earned_reach,
        count(reach) filter (where not is_spam) as known_reach_count,
        count(*) filter (where is_scored) as scored_count,
        sum(sentiment_weight) filter (where is_scored) as sentiment_weight_sum
    from earned
    group by all

),

asked_days as (

    select
        entity_id,
        published_date,
        count(*) as asked_count,
        count(answer_hours) as answered_count,
        sum(pow(0.5, answer_hours / {{ var('index_answer_half_life_hours') }})) as promptness_sum,
        sum(ln(1 + answer_hours)) as log_answer_hours_sum
    from asked
    group by all

),

own_days as (

    select
        entity_id,
        published_date,
        count(*) filter (where reply_to_id is null) as own_post_count
    from own_posts
    group by all

)

select
    entity_id,
    published_date,
    entity_id in (select entity_id from heard_sources) as has_heard_accounts,
    coalesce(earned_days.earned_count, 0) as earned_count,
    coalesce(earned_days.earned_reach, 0) as earned_reach,
    coalesce(earned_days.known_reach_count, 0) as known_reach_count,
    coalesce(earned_days.scored_count, 0) as scored_count,
    coalesce(earned_days.sentiment_weight_sum, 0) as sentiment_weight_sum,
    coalesce(asked_days.asked_count, 0) as asked_count,
    coalesce(asked_days.answered_count, 0) as answered_count,
    coalesce(asked_days.promptness_sum, 0) as promptness_sum,
    coalesce(asked_days.log_answer_hours_sum, 0) as log_answer_hours_sum,
    coalesce(own_days.own_post_count, 0) as own_post_count
from earned_days
full join asked_days using (entity_id, published_date)
full join own_days using (entity_id, published_date)
