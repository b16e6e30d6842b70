select distinct
    mention_id,
    rule_id
from {{ source('core', 'routing_matches') }}
