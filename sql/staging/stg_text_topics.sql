-- the topic of a text; texts in no topic are left out

select
    text_hash,
    topic_id,
    confidence_score as topic_score
from {{ source('core', 'text_topics') }}
semi join {{ ref('stg_topics') }} as topics using (topic_id)
