{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='mention_id',
    on_schema_change='sync_all_columns',
    pre_hook="{{ delete_vanished(ref('int_mention_facts'), ['mention_id']) }}"
) }}

with departments as (

    select
        mention_id,
        min_by(department, (priority, position, department)) as department
    from {{ ref('int_queue_entries') }}
    where status <> 'not_for_us'
    group by all

),

described as (

    select
        mentions.*,
        departments.department
    from {{ ref('int_weighted_mentions') }} as mentions
    left join departments using (mention_id)

),

fingerprinted as (

    select
        *,
        {{ row_fingerprint('described') }} as row_fingerprint
    from described

),

changed as (

    select *
    from fingerprinted
    {% if is_incremental() %}
    anti join {{ this }} as built using (mention_id, row_fingerprint)
    {% endif %}

)

select
    changed.mention_id,
    changed.source,
    changed.url,
    changed.author_kind,
    changed.language,
    changed.published_at,
    changed.published_date,
    changed.collected_at,
    changed.edited_at,
    changed.thread_id,
    changed.reply_to_id,
    texts.text,
    changed.entity_ids,
    changed.aspect_ids,
    changed.special_categories,
    changed.sentiment,
    changed.sentiment_score,
    changed.p_negative,
    changed.p_neutral,
    changed.p_positive,
    changed.sentiment_rule_id,
    changed.sentiment_weight,
    changed.intent,
    changed.intent_score,
    changed.not_scored_reason,
    changed.department,
    changed.topic_id,
    changed.topic_score,
    changed.is_copy,
    changed.copy_of,
    changed.is_spam,
    changed.spam_reason,
    changed.reach,
    changed.like_count,
    changed.repost_count,
    changed.reply_count,
    changed.engagement_count,
    changed.model_version,
    changed.row_fingerprint
from changed
inner join {{ ref('stg_mentions') }} as texts using (mention_id)
