select
    mention_id,
    department,
    status,
    status_at,
    passed_on_from,
    priority,
    due_at
from {{ source('core', 'queue_states') }}
