-- originals per series, source and day; `so_far` counts what each day had at the night's time of day, so that a day that
-- is not over is compared with the same part of other days

{{ config(materialized='table', tags=['trends']) }}

select
    series_id,
    entity_id,
    aspect_id,
    topic_id,
    source,
    published_date,
    count(*) as original_count,
    count(*) filter (where is_scored and sentiment = 'negative') as negative_count,
    count(*) filter (where is_before_time_of_day) as so_far_count,
    count(*) filter (where is_before_time_of_day and is_scored and sentiment = 'negative') as so_far_negative_count
from {{ ref('int_trend_posts') }}
group by all
