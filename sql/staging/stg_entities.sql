select
    entity_id,
    name as entity_name,
    kind as entity_kind
from {{ source('core', 'entities') }}
