-- public posts that still stand: neither deleted upstream nor in the list of tombstones

with mentions as (

    select *
    from {{ source('core', 'mentions') }}
    where deleted_at is null

)

select
    mention_id,
    source,
    url,
    author_kind,
    text,
    text_hash,
    language,
    published_at,
    {{ local_day('published_at') }} as published_date,
    collected_at,
    edited_at,
    thread_id,
    reply_to_id,
    like_count,
    repost_count,
    reply_count,
    {{ engagement_count() }} as engagement_count,
    reach
from mentions
anti join {{ source('core', 'tombstones') }} as tombstones using (mention_id)
