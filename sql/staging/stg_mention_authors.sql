-- the pseudonym of a mention's author, to count people once; it stays out of the marts

select
    mention_id,
    author_key
from {{ source('core', 'mentions') }}
where author_key is not null
