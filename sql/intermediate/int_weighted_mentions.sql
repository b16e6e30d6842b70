-- what each mention counts for in net sentiment. A phrase rule of listening.yaml is taken at its word; what the model
-- says is corrected for the model's known errors.

select
    * exclude (negative_weight, neutral_weight, positive_weight),
    is_original and sentiment is not null as is_scored,
    {{ raw_weight('sentiment') }} as raw_weight,
    case
        when sentiment_rule_id is not null then {{ raw_weight('sentiment') }}
        when sentiment = 'negative' then negative_weight
        when sentiment = 'neutral' then neutral_weight
        when sentiment = 'positive' then positive_weight
    end as sentiment_weight,
    case when sentiment_rule_id is null then negative_weight else -1 end as negative_weight,
    case when sentiment_rule_id is null then positive_weight else 1 end as positive_weight
from {{ ref('int_mention_facts') }}
