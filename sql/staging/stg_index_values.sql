-- the business index as flows/index computed it, of the entities that listening.yaml still names

select
    entities.entity_name,
    entities.entity_kind,
    computed.*
from {{ source('core', 'index_values') }} as computed
inner join {{ ref('stg_entities') }} as entities using (entity_id)
where entities.entity_kind in ('company', 'competitor')
