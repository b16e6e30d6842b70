{{ config(materialized='table') }}

-- One row per mention: when it is about several entities, the one that says most about the sale. Copies, spam and bots buy
-- nothing; what reveals a special category of personal data is nobody's lead. A mention without a date is as old as its collection.

with mentions as (

    select
        *,
        {{ days_between('coalesce(published_at, collected_at)', as_of()) }} as age_days
    from {{ ref('int_mention_facts') }}
    where
        intent in ('purchase_interest', 'switching', 'recommendation_request')
        and is_original
        and not coalesce(has_special_category, false)
        and author_kind <> 'bot'
        and {{ local_day('coalesce(published_at, collected_at)') }} <= {{ as_of_day() }}

),

candidates as (

    select
        mentions.*,
        entities.entity_id,
        entities.entity_name,
        entities.entity_kind,
        {{ lead_kind('mentions.intent', 'entities.entity_kind') }} as lead_kind
    from mentions
    inner join {{ ref('stg_mention_entities') }} as entities using (mention_id)
    where
        mentions.age_days <= {{ var('lead_look_back_days') }}
        and {{ lead_kind('mentions.intent', 'entities.entity_kind') }} is not null

),

directed as (

    select
        *,
        count(distinct lead_kind) over (partition by mention_id) = 1 as is_direction_clear
    from candidates

),

chosen as (

    select *
    from directed
    qualify row_number() over (
        partition by mention_id
        order by
            lead_kind = 'switch_from_competitor' desc,
            list_position(['product', 'company', 'market', 'competitor'], entity_kind),
            entity_id
    ) = 1

),

scored as (

    select
        *,
        {{ lead_recency('age_days') }} as recency_score,
        {{ lead_reach('reach') }} as reach_score
    from chosen

)

select
    mention_id,
    entity_id,
    lead_kind,
    {{ lead_score('intent_score', 'recency_score', 'reach_score', 'is_direction_clear') }} as score,
    {{ lead_reason() }} as reason,
    published_at,
    source,
    url,
    language,
    entity_ids,
    intent,
    intent_score,
    round(recency_score, 6) as recency_score,
    round(reach_score, 6) as reach_score,
    is_direction_clear
from scored
order by score desc, mention_id
