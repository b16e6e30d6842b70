-- which department should see a mention, and by which rule: the first rule per department that matches. Nobody is asked
-- to look at spam, nor at a copy of what is in a queue already. What reveals a special category of personal data goes to
-- nobody: a queue is a list of persons.

with mentions as (

    select
        mention_id,
        entity_kinds,
        aspect_ids,
        sentiment,
        intent,
        reach
    from {{ ref('int_mention_facts') }}
    where not is_copy and not is_spam and not coalesce(has_special_category, false)

),

matches as (

    select
        mentions.mention_id,
        rules.*
    from mentions
    inner join {{ ref('stg_routing_rules') }} as rules
        on coalesce(list_contains(rules.intents, mentions.intent), rules.intents is null)
        and coalesce(list_has_any(rules.aspects, mentions.aspect_ids), rules.aspects is null)
        and coalesce(list_contains(rules.sentiments, mentions.sentiment), rules.sentiments is null)
        and coalesce(list_has_any(rules.entity_kinds, mentions.entity_kinds), rules.entity_kinds is null)
        and (rules.min_reach is null or coalesce(mentions.reach >= rules.min_reach, false))
    left join {{ ref('stg_routing_matches') }} as met
        on met.mention_id = mentions.mention_id and met.rule_id = rules.rule_id
    where not coalesce(rules.has_query, false) or met.rule_id is not null

)

select
    mention_id,
    department,
    rule_id,
    position,
    priority,
    due_hours,
    reason
from matches
qualify row_number() over (partition by mention_id, department order by position, rule_id) = 1
