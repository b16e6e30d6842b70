-- one reading per text: by the model version in use, or the latest earlier one while the text waits to be read again

with enrichments as (

    select * exclude (embedding)
    from {{ source('core', 'enrichments') }}

),

active as (

    select distinct model_version, true as is_active
    from {{ source('core', 'active_versions') }}

),

preferred as (

    select enrichments.*
    from enrichments
    left join active using (model_version)
    qualify row_number() over (
        partition by enrichments.text_hash
        order by coalesce(active.is_active, false) desc, enrichments.scored_at desc, enrichments.model_version desc
    ) = 1

)

select
    text_hash,
    model_version,
    not_scored_reason,
    p_negative,
    p_neutral,
    p_positive,
    sentiment,
    sentiment_score,
    intent,
    intent_score
from preferred
