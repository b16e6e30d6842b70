{{ config(materialized='table') }}

-- The public part of the Social Media Business Index. Flows/index computes it, with its bootstrap; here rank and median of
-- the industry are added, over the entities that have a value in the period.

with ranked as (

    select
        period_kind,
        period_start_date,
        entity_id,
        rank() over (partition by period_kind, period_start_date order by round(index_value, 1) desc) as rank
    from {{ ref('stg_index_values') }}
    where index_value is not null

),

industry as (

    select
        period_kind,
        period_start_date,
        median(index_value) as industry_median,
        count(index_value) as ranked_count
    from {{ ref('stg_index_values') }}
    group by all

)

select
    computed.entity_id,
    computed.entity_name,
    computed.entity_kind,
    computed.period_kind,
    computed.period,
    computed.period_start_date,
    computed.period_end_date,
    computed.index_value,
    computed.index_low,
    computed.index_high,
    ranked.rank,
    computed.rank_best,
    computed.rank_worst,
    industry.ranked_count,
    industry.industry_median,
    computed.reach,
    computed.voice,
    computed.sentiment,
    computed.responsiveness,
    computed.activity,
    computed.missing_components,
    computed.earned_count,
    computed.earned_reach,
    computed.earned_share_of_voice,
    computed.earned_net_sentiment,
    computed.asked_count,
    computed.answered_share,
    computed.answer_hours,
    computed.own_post_count,
    computed.is_incomplete
from {{ ref('stg_index_values') }} as computed
inner join industry using (period_kind, period_start_date)
left join ranked using (period_kind, period_start_date, entity_id)
order by computed.period_kind, computed.period_start_date, computed.entity_id
