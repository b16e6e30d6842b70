select *
from {{ source('core', 'runs') }}
