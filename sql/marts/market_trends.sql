{{ config(materialized='table') }}

-- What stood out, the newest first. Flows/trends finds and tells it; here the posts behind it are added that still stand
-- and are published. A trend that turned out to be nothing (its posts deleted, or found out as spam or copies) is left out.

with evidence as (

    select
        evidence.trend_id,
        list(evidence.mention_id order by evidence.position) as evidence_mention_ids
    from {{ ref('stg_trend_evidence') }} as evidence
    semi join {{ ref('int_mention_facts') }} as mentions using (mention_id)
    group by all

)

select
    trends.trend_id,
    trends.kind,
    trends.measure,
    trends.direction,
    trends.entity_id,
    trends.aspect_id,
    trends.topic_id,
    trends.status,
    trends.severity,
    trends.started_at,
    trends.detected_at,
    trends.last_date,
    trends.observed,
    trends.expected,
    trends.expected_low,
    trends.expected_high,
    trends.negative_count,
    trends.strength,
    trends.strength_low,
    trends.strength_high,
    trends.p_value,
    trends.q_value,
    trends.part_of,
    trends.summary,
    coalesce(evidence.evidence_mention_ids, []) as evidence_mention_ids
from {{ ref('stg_trend_events') }} as trends
left join evidence using (trend_id)
where trends.status <> 'withdrawn'
order by trends.started_at desc, trends.trend_id
