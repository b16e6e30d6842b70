-- aspects found in a text, by the version in use, of aspects that listening.yaml still names

with active as (

    select distinct aspects_version
    from {{ source('core', 'active_versions') }}

)

select
    scores.text_hash,
    scores.aspect_id,
    scores.aspects_version,
    scores.similarity as evidence_similarity,
    scores.p_negative,
    scores.p_neutral,
    scores.p_positive,
    scores.sentiment,
    scores.sentiment_score,
    scores.evidence
from {{ source('core', 'aspect_scores') }} as scores
semi join active using (aspects_version)
semi join {{ source('core', 'aspects') }} as aspects using (aspect_id)
