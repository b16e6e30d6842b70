select *
from {{ source('core', 'source_volumes') }}
