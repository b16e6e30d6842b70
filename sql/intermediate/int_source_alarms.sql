-- what is unusual about a source in a run although it answered, in words: languages that brought far fewer or more posts
-- than in the days before, and fields that were empty far more or less often than in the runs before

with volumes as (

    select
        run_id,
        source,
        language,
        mention_count,
        earlier_counts,
        {{ expected_range('earlier_counts') }} as expected_range
    from {{ ref('stg_source_volumes') }}

),

unusual_volumes as (

    select
        run_id,
        source,
        case
            when mention_count = 0 then
                format('{}: no posts in a day, {:.0f} usual', language, list_median(earlier_counts))
            else
                format(
                    '{}: {} posts in a day, {} to {} expected',
                    language, mention_count, expected_range.low, expected_range.high
                )
        end as alarm
    from volumes
    where mention_count < expected_range.low
       or mention_count > expected_range.high
       or {{ has_fallen_silent('mention_count', 'earlier_counts') }}

),

shares as (

    select
        run_id,
        source,
        each.key as field,
        cast(each.value as double) as null_share,
        list(cast(each.value as double)) over (
            partition by source, each.key
            order by started_at, run_id
            rows between {{ var('expected_range_runs') }} preceding and 1 preceding
        ) as earlier_shares
    from {{ ref('stg_source_runs') }}, json_each(null_shares) as each
    where outcome in ('ok', 'no_hits', 'schema_drift')
      and landed_count + quarantined_count >= {{ var('null_share_min_records') }}

),

unusual_shares as (

    select
        run_id,
        source,
        format('{}: {:.0f}% empty, {:.0f}% usual', field, null_share * 100, list_median(earlier_shares) * 100) as alarm
    from shares
    where len(earlier_shares) >= {{ var('expected_range_min_runs') }}
      and abs(null_share - list_median(earlier_shares)) > {{ null_share_tolerance('earlier_shares') }}

)

select run_id, source, list(alarm order by alarm) as alarms
from (
    select * from unusual_volumes
    union all
    select * from unusual_shares
)
group by all
