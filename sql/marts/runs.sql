-- a view, so that publication copies the state of its own run as it ends

select
    run_id,
    started_at,
    finished_at,
    as_of,
    outcome,
    message,
    audit_result,
    row_counts,
    versions,
    published_at
from {{ ref('stg_runs') }}
