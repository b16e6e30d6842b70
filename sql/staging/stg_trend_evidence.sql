-- the posts behind a trend that still stand and reveal no special category of personal data

select
    evidence.trend_id,
    evidence.position,
    evidence.mention_id
from {{ source('core', 'trend_evidence') }} as evidence
inner join {{ ref('stg_mentions') }} as mentions using (mention_id)
anti join {{ ref('stg_text_categories') }} as categories using (text_hash)
