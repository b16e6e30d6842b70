-- an empty list means the same as none: any

select
    rule_id,
    position,
    department,
    case when len(intents) > 0 then intents end as intents,
    case when len(aspects) > 0 then aspects end as aspects,
    case when len(sentiments) > 0 then sentiments end as sentiments,
    case when len(entity_kinds) > 0 then entity_kinds end as entity_kinds,
    min_reach,
    priority,
    due_hours,
    reason
from {{ source('core', 'routing_rules') }}
