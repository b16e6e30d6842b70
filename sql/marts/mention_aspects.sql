{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['mention_id', 'entity_id', 'aspect_id'],
    on_schema_change='sync_all_columns',
    pre_hook="{{ delete_vanished(ref('int_aspect_mentions'), ['mention_id', 'entity_id', 'aspect_id']) }}"
) }}

with described as (

    select
        mention_id,
        entity_id,
        aspect_id,
        published_at,
        published_date,
        sentiment,
        sentiment_score,
        p_negative,
        p_neutral,
        p_positive,
        evidence,
        evidence_similarity,
        is_copy,
        is_spam,
        aspects_version
    from {{ ref('int_aspect_mentions') }}

),

fingerprinted as (

    select
        *,
        {{ row_fingerprint('described') }} as row_fingerprint
    from described

)

select *
from fingerprinted
{% if is_incremental() %}
anti join {{ this }} as built using (mention_id, entity_id, aspect_id, row_fingerprint)
{% endif %}
