-- one reading per text: by the model version in use, or the latest earlier one while the text waits to be read again

with enrichments as (

    select * exclude (embedding)
    from {{ source('core', 'enrichments') }}

),

active as (

    select distinct model_version
    from {{ source('core', 'active_versions') }}

),

current_readings as (

    select *
    from enrichments
    semi join active using (model_version)

),

earlier_readings as (

    select *
    from enrichments
    anti join active using (model_version)
    anti join current_readings using (text_hash)
    qualify row_number() over (partition by text_hash order by scored_at desc, model_version desc) = 1

),

preferred as (

    select * from current_readings
    union all
    select * from earlier_readings

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
