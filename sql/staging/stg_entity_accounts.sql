-- pseudonyms of the accounts that listening.yaml names as an entity's own

select distinct
    entity_id,
    author_key
from {{ source('core', 'entity_accounts') }}
