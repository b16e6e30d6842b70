-- the entities of each mention as sorted lists. Most mentions are about one entity: only the others are collected, because
-- a list that grows costs much more memory than a minimum.

with counted as (

    select
        mention_id,
        count(*) as entity_count,
        min(entity_id) as entity_id,
        min(entity_kind) as entity_kind
    from {{ ref('stg_mention_entities') }}
    group by all

),

several as (

    select mention_id
    from counted
    where entity_count > 1

),

collected as (

    select
        mention_id,
        list_sort(list(entity_id)) as entity_ids,
        list_sort(list_distinct(list(entity_kind))) as entity_kinds
    from {{ ref('stg_mention_entities') }}
    semi join several using (mention_id)
    group by all

)

select
    mention_id,
    [entity_id] as entity_ids,
    [entity_kind] as entity_kinds
from counted
where entity_count = 1
union all
select
    mention_id,
    entity_ids,
    entity_kinds
from collected
