-- a view, so that publication copies the state of its own run as it ends

with source_runs as (

    select * from {{ ref('stg_source_runs') }}

),

compared as (

    select
        *,
        list(record_count) filter (where outcome in ('ok', 'no_hits')) over (
            partition by source
            order by started_at, run_id
            rows between {{ var('expected_range_runs') }} preceding and 1 preceding
        ) as earlier_counts
    from source_runs

),

ranged as (

    select
        *,
        {{ expected_range('earlier_counts') }} as expected_range
    from compared

)

select
    source,
    run_id,
    started_at,
    finished_at,
    outcome,
    message,
    record_count,
    landed_count,
    quarantined_count,
    skipped_count,
    null_shares,
    unknown_fields,
    newest_published_at,
    (epoch(finished_at) - epoch(newest_published_at)) / 60 as lag_minutes,
    expected_range,
    record_count < expected_range.low or record_count > expected_range.high as is_outside_expected_range,
    coalesce(alarms, []) as alarms
from ranged
left join {{ ref('int_source_alarms') }} using (run_id, source)
