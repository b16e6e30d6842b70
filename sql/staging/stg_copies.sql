select distinct
    mention_id,
    copy_of
from {{ source('core', 'copies') }}
where mention_id <> copy_of
