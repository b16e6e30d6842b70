select *
from {{ source('core', 'source_runs') }}
