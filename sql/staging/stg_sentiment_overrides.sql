-- the sentiment that a phrase rule of listening.yaml sets; the first rule by name when two apply

select
    mention_id,
    min(rule_id) as sentiment_rule_id,
    min_by(sentiment, rule_id) as sentiment
from {{ source('core', 'sentiment_overrides') }}
group by all
