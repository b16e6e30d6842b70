-- everything the marts need to know about a mention except its text and its department, one row per mention about a
-- listened entity

{{ config(materialized='table') }}

with aspects as (

    select
        text_hash,
        list_sort(list_distinct(list(aspect_id))) as aspect_ids
    from {{ ref('stg_aspect_scores') }}
    group by all

),

weights as (

    select * from {{ ref('stg_sentiment_weights') }}

)

select
    mentions.* exclude (text),
    entities.entity_ids,
    entities.entity_kinds,
    coalesce(categories.special_categories, []) as special_categories,
    categories.text_hash is not null as has_special_category,
    coalesce(aspects.aspect_ids, []) as aspect_ids,
    coalesce(overrides.sentiment, readings.sentiment) as sentiment,
    coalesce({{ raw_weight('overrides.sentiment') }}, readings.sentiment_score) as sentiment_score,
    overrides.sentiment_rule_id,
    coalesce(own_weights.negative_weight, other_weights.negative_weight, -1) as negative_weight,
    coalesce(own_weights.neutral_weight, other_weights.neutral_weight, 0) as neutral_weight,
    coalesce(own_weights.positive_weight, other_weights.positive_weight, 1) as positive_weight,
    readings.p_negative,
    readings.p_neutral,
    readings.p_positive,
    readings.intent,
    readings.intent_score,
    readings.not_scored_reason,
    readings.model_version,
    case when spam.mention_id is null then topics.topic_id end as topic_id,
    case when spam.mention_id is null then topics.topic_score end as topic_score,
    copies.mention_id is not null as is_copy,
    copies.copy_of,
    spam.mention_id is not null as is_spam,
    spam.spam_reason,
    copies.mention_id is null and spam.mention_id is null as is_original
from {{ ref('stg_mentions') }} as mentions
inner join {{ ref('int_entity_lists') }} as entities using (mention_id)
left join aspects using (text_hash)
left join {{ ref('stg_text_categories') }} as categories using (text_hash)
left join {{ ref('stg_enrichments') }} as readings using (text_hash)
left join {{ ref('stg_text_topics') }} as topics using (text_hash)
left join {{ ref('stg_sentiment_overrides') }} as overrides on overrides.mention_id = mentions.mention_id
left join weights as own_weights
    on own_weights.model_version = readings.model_version and own_weights.language = mentions.language
left join weights as other_weights
    on other_weights.model_version = readings.model_version and other_weights.language = '*'
left join {{ ref('int_mention_originals') }} as copies on copies.mention_id = mentions.mention_id
left join {{ ref('stg_spam') }} as spam on spam.mention_id = mentions.mention_id
