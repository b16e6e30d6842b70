-- aspects of a mention, once per entity it is about, with what each counts for in net sentiment. The sentiment is that of
-- the words about the aspect, so a phrase rule for the whole mention does not touch it.

select
    mentions.mention_id,
    entities.entity_id,
    scores.aspect_id,
    mentions.published_at,
    mentions.published_date,
    mentions.intent,
    mentions.is_copy,
    mentions.is_spam,
    mentions.is_original,
    mentions.has_special_category,
    mentions.engagement_count,
    scores.sentiment,
    scores.sentiment_score,
    scores.p_negative,
    scores.p_neutral,
    scores.p_positive,
    scores.evidence,
    scores.evidence_similarity,
    scores.aspects_version,
    mentions.is_original and scores.sentiment is not null as is_scored,
    {{ raw_weight('scores.sentiment') }} as raw_weight,
    case scores.sentiment
        when 'negative' then mentions.negative_weight
        when 'neutral' then mentions.neutral_weight
        when 'positive' then mentions.positive_weight
    end as sentiment_weight,
    mentions.negative_weight,
    mentions.positive_weight
from {{ ref('int_mention_facts') }} as mentions
inner join {{ ref('stg_aspect_scores') }} as scores using (text_hash)
inner join {{ ref('stg_mention_entities') }} as entities using (mention_id)
