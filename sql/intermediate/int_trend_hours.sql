-- originals per series and hour of the last ten days, 0 being the last full hour: the hourly rule looks back a week

{{ config(materialized='table', tags=['trends']) }}

select
    series_id,
    hours_ago,
    count(*) as original_count
from {{ ref('int_trend_posts') }}
where hours_ago between 0 and 239
group by all
