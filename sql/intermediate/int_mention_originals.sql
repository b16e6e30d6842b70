-- mentions that repeat another one. The original is the one core.copies names; when that one is gone or about no
-- listened entity, the earliest remaining mention of the group takes its place, so that every group keeps one original.

with matched as (

    select distinct mention_id
    from {{ ref('stg_mention_entities') }}

),

copies as (

    select * from {{ ref('stg_copies') }}

),

members as (

    select mention_id, copy_of as group_id
    from copies
    union
    select copy_of as mention_id, copy_of as group_id
    from copies

),

remaining as (

    select
        members.mention_id,
        members.group_id,
        coalesce(mentions.published_at, mentions.collected_at) as seen_at
    from members
    semi join matched using (mention_id)
    inner join {{ ref('stg_mentions') }} as mentions using (mention_id)

),

grouped as (

    select
        mention_id,
        first_value(mention_id) over (
            partition by group_id
            order by mention_id = group_id desc, seen_at, mention_id
        ) as original_id
    from remaining

)

select
    mention_id,
    original_id as copy_of
from grouped
where mention_id <> original_id
