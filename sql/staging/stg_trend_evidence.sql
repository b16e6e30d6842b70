-- the posts behind a trend that still stand

select
    evidence.trend_id,
    evidence.position,
    evidence.mention_id
from {{ source('core', 'trend_evidence') }} as evidence
semi join {{ ref('stg_mentions') }} as mentions using (mention_id)
