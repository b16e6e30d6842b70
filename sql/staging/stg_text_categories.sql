-- texts that reveal special categories of personal data (Article 9 GDPR); all others have no row

select
    text_hash,
    special_categories
from {{ source('core', 'text_categories') }}
where len(special_categories) > 0
