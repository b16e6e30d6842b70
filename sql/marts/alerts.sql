{{ config(materialized='table') }}

-- What somebody had to know at once, open or over, the newest first. Flows/alerts raises and closes it; here the posts behind
-- the trends are added that still stand and are published.

with evidence as (

    select
        evidence.trend_id,
        list(evidence.mention_id order by evidence.position) as evidence_mention_ids
    from {{ ref('stg_trend_evidence') }} as evidence
    semi join {{ ref('int_mention_facts') }} as mentions using (mention_id)
    group by all

)

select
    alerts.alert_id,
    alerts.kind,
    alerts.severity,
    if(alerts.closed_at is null, 'open', 'closed') as status,
    alerts.entity_id,
    alerts.aspect_id,
    alerts.topic_id,
    alerts.source,
    alerts.trend_id,
    alerts.started_at,
    alerts.opened_at,
    alerts.closed_at,
    alerts.summary,
    coalesce(evidence.evidence_mention_ids, []) as evidence_mention_ids
from {{ ref('stg_alerts') }} as alerts
left join evidence using (trend_id)
order by alerts.opened_at desc, alerts.alert_id
