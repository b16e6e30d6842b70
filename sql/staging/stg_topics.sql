select
    topic_id,
    label_de,
    label_en,
    keywords,
    is_named,
    parent_id,
    merged_into,
    similar_topic_ids,
    born_at,
    {{ local_day('born_at') }} as born_date,
    retired_at
from {{ source('core', 'topics') }}
