-- what an entity's own accounts have published, also posts that are about no listened entity, such as answers

{{ config(tags=['index']) }}

select
    accounts.entity_id,
    mentions.mention_id,
    mentions.source,
    mentions.published_at,
    mentions.published_date,
    mentions.reply_to_id
from {{ ref('stg_mentions') }} as mentions
inner join {{ ref('stg_mention_authors') }} as authors using (mention_id)
inner join {{ ref('stg_entity_accounts') }} as accounts using (author_key)
where mentions.published_at <= {{ as_of() }}
