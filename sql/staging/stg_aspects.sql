select
    aspect_id,
    name as aspect_name,
    description
from {{ source('core', 'aspects') }}
