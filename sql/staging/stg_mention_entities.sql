-- which standing mention is about which entity that listening.yaml still names

with hits as (

    select distinct mention_id, entity_id
    from {{ source('core', 'mention_entities') }}

)

select
    hits.mention_id,
    entities.entity_id,
    entities.entity_name,
    entities.entity_kind
from hits
inner join {{ ref('stg_entities') }} as entities using (entity_id)
semi join {{ ref('stg_mentions') }} as mentions using (mention_id)
