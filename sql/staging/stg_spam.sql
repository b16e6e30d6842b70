select
    mention_id,
    min(reason) as spam_reason
from {{ source('core', 'spam') }}
group by all
