-- net sentiment of a series in the seven days up to each day, in the 28 days before these, and in the 28 before those; the
-- day that is not over is no end of a window

{{ config(materialized='table', tags=['trends']) }}

with days as (

    select
        series_id,
        published_date,
        {{ sentiment_sums() }}
    from {{ ref('int_trend_posts') }}
    where published_date < {{ as_of_day() }}
    group by all

),

periods as (

    select
        unnest(['now', 'before', 'earlier']) as period,
        unnest([0, 7, 35]) as days_back,
        unnest([7, 28, 28]) as day_count

),

windows as (

    select
        ends.series_id,
        ends.published_date as last_date,
        periods.period,
        sum(days.scored_count) as scored_count,
        sum(days.raw_weight_sum) as raw_weight_sum,
        sum(days.weight_sum) as weight_sum,
        sum(days.weight_square_sum) as weight_square_sum,
        sum(days.negative_weight_mean * days.scored_count) / nullif(sum(days.scored_count), 0) as negative_weight_mean,
        sum(days.positive_weight_mean * days.scored_count) / nullif(sum(days.scored_count), 0) as positive_weight_mean
    from days as ends
    cross join periods
    inner join days
        on days.series_id = ends.series_id
        and days.published_date <= ends.published_date - periods.days_back
        and days.published_date > ends.published_date - periods.days_back - periods.day_count
    group by all

)

select
    series_id,
    last_date,
    period,
    scored_count,
    {{ net_sentiment_from_sums() }}
from windows
