-- trends as the nights up to this one have found them

select *
from {{ source('core', 'trend_events') }}
where detected_at <= {{ as_of() }}
