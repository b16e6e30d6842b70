-- what each predicted class is worth in corrected net sentiment, one row per model version and language ('*': all others)

select
    model_version,
    language,
    max(corrected_weight) filter (where predicted = 'negative') as negative_weight,
    max(corrected_weight) filter (where predicted = 'neutral') as neutral_weight,
    max(corrected_weight) filter (where predicted = 'positive') as positive_weight
from {{ source('core', 'sentiment_weights') }}
group by all
