-- alerts as the nights up to this one have raised them; what was closed after this night is still open. Whatever is published
-- has passed its audit and is a night that has not failed: alerts about that are over with it. Leaks never come here.

select
    * replace (
        case
            when closed_at <= {{ as_of() }} then closed_at
            when kind in ('audit_refused', 'night_failed') then {{ as_of() }}
        end as closed_at
    )
from {{ source('core', 'alerts') }}
where opened_at <= {{ as_of() }} and kind <> 'leak'
