-- an empty list means the same as none: any

select
    rules.rule_id,
    rules.position,
    rules.department,
    case when len(rules.intents) > 0 then rules.intents end as intents,
    case when len(rules.aspects) > 0 then rules.aspects end as aspects,
    case when len(rules.sentiments) > 0 then rules.sentiments end as sentiments,
    case when len(rules.entity_kinds) > 0 then rules.entity_kinds end as entity_kinds,
    rules.min_reach,
    queries.rule_id is not null as has_query,
    rules.priority,
    rules.due_hours,
    rules.reason
from {{ source('core', 'routing_rules') }} as rules
left join {{ source('core', 'routing_queries') }} as queries using (rule_id)
