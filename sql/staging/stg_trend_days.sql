-- what was expected of the days up to the night

select *
from {{ source('core', 'trend_days') }}
where published_date <= {{ as_of_day() }}
