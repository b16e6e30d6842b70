-- originals per series and source in the last 24 hours, the 24 hours before them and so on, and in the last hours of
-- each: a wave that began in the evening is not cut in two by midnight

{{ config(materialized='table', tags=['trends']) }}

select
    series_id,
    source,
    hours_ago // 24 as days_ago,
    {{ var('trend_short_hours') }} as short_hours,
    count(*) as original_count,
    count(*) filter (where is_scored and sentiment = 'negative') as negative_count,
    count(*) filter (where hours_ago % 24 < {{ var('trend_short_hours') }}) as short_count,
    count(*) filter (where hours_ago % 24 < {{ var('trend_short_hours') }} and is_scored and sentiment = 'negative')
        as short_negative_count
from {{ ref('int_trend_posts') }}
where hours_ago >= 0
group by all
